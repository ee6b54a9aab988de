"""How a parameter or argument list is laid out: what stands behind its commas, and whether it ends with one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mim_lsp.completion.place import Place
from mim_lsp.syntax.lists import ListPlace

STYLE_REACH = 4_000
"""Characters on each side of the cursor in which other lists show whether they end with a comma."""

_BLANKS_AND_COMMENTS = re.compile(r"(?:\s|#[^\n]*)*")
_ENDS = re.compile(r"(?P<comma>,)?(?<=[\w)\]}\"',])[ \t]*\n[ \t]*[)\]]")


@dataclass(frozen=True)
class ListStyle:
    """The layout of one list."""

    gap: str
    """What stands between a comma and the next item: a blank, nothing, or a line break with its indentation."""

    @property
    def is_one_per_line(self) -> bool:
        """Whether every item has a line of its own."""
        return "\n" in self.gap


def style_of(found: ListPlace) -> ListStyle:
    """The layout of the list, as the items around the cursor show it."""
    first, *others = _items(found) or [found.head]
    gaps = [_gap(item) for item in others] or [_gap(first)]
    if all("\n" in gap for gap in gaps):
        return ListStyle(gaps[-1])
    return ListStyle("" if others and not any(gaps) else " ")


def ends_with_comma(place: Place) -> bool:
    """Whether lists around the cursor whose closer has a line of its own mostly end with a comma; else Black's way."""
    around = place.prefix[-STYLE_REACH:] + place.suffix[:STYLE_REACH]
    with_comma = [match["comma"] is not None for match in _ENDS.finditer(around)]
    return 2 * sum(with_comma) >= len(with_comma)


def leading_blanks(text: str) -> str:
    """The blanks that `text` begins with."""
    return text[: len(text) - len(text.lstrip())]


def _items(found: ListPlace) -> Sequence[str]:
    """The items, with the blanks before them."""
    return [piece for piece in (*found.before, found.head + found.tail, *found.after) if piece.strip()]


def _gap(item: str) -> str:
    """The blanks before an item, from the last line break on if there is one."""
    match = _BLANKS_AND_COMMENTS.match(item)
    blanks = match.group() if match else ""
    return blanks[blanks.rfind("\n") :] if "\n" in blanks else leading_blanks(item)
