"""What a memory finds, by a slow search."""

from __future__ import annotations

from collections import Counter

from mim_lsp.engine.context_index import Levels


def slow_levels(text: str, context: str, allowed: str, *, longest: int, most: int) -> Levels:
    """Every length of context up to `longest` at every place, with no search and no early end; the first `most`."""
    found: Levels = []
    n_places = 0
    for order in range(min(longest, len(context)), 0, -1):
        places = [i for i in range(order, len(text)) if text[i - order : i] == context[-order:]]
        if len(places) == n_places:
            continue
        n_places = len(places)
        counts = Counter(text[i] for i in places if text[i] in allowed)
        if counts:
            found.append((order, counts))
    return found[:most]
