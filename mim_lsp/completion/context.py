"""From a document and a cursor to what the model reads: a prefix and a suffix that fit a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mim_lsp.completion.cuts import Side
from mim_lsp.completion.outline import Outline, settled_part
from mim_lsp.syntax.boundaries import far_prefix_end, far_suffix_start


@dataclass(frozen=True)
class Budget:
    """How much the model reads on each side of the cursor, in tokens."""

    prefix_tokens: int
    suffix_tokens: int


@dataclass(frozen=True)
class Context:
    r"""What the model reads; line breaks are `\n`."""

    prefix: str
    """Imports and headers from further up, then one contiguous part that ends at the cursor. Each piece from inside the
    file begins with the line break before it, except where the cursor's line alone exceeds the budget and is cut."""
    suffix: str
    """After the cursor."""
    far_prefix_end: int
    """The backward direction's far side is `prefix[:far_prefix_end]`; the rest is the typed part L of the line."""
    far_suffix_start: int
    """The forward direction's far side is `suffix[far_suffix_start:]`; what is before it is the rest R of the line."""


def build_context(text: str, offset: int, budget: Budget, count_tokens: Callable[[str], int]) -> Context:
    r"""What the model reads for a cursor at `offset` (0 to len(text)) of `text`, whose line breaks are `\n`.

    Never raises, whatever the text, and looks at no more than some hundred thousand characters of it. `count_tokens`
    sees each piece of a few lines once or twice; its counts must add up for pieces that are cut before a line break.
    """
    prefix = _prefix(text, offset, budget.prefix_tokens, count_tokens)
    suffix = _suffix(text, offset, budget.suffix_tokens, count_tokens)
    return Context(prefix, suffix, far_prefix_end(prefix, len(prefix)), far_suffix_start(suffix, 0))


def _prefix(text: str, offset: int, budget: int, count_tokens: Callable[[str], int]) -> str:
    """The longest part of the text before `offset` that fits, behind the imports and headers from further up."""
    side = Side(text, offset, 0, budget)
    outline = Outline(text, side.settled)
    cuts = side.cuts(outline.statement_starts(), count_tokens)
    for cut in cuts:
        # a line that is cut has lost its break, so nothing can stand before it
        starts_line = cut.offset > 0 and text.startswith("\n", cut.offset)
        lead = outline.lead(cut.offset + 1, budget, count_tokens) if starts_line else ""
        if cut.tokens + count_tokens(lead) <= budget:
            return lead + text[cut.offset : offset]
    return text[cuts[0].offset : offset]


def _suffix(text: str, offset: int, budget: int, count_tokens: Callable[[str], int]) -> str:
    """The longest part of the text after `offset` that fits, up to a line's end, best one before a statement."""
    side = Side(text, offset, len(text), budget)
    start = side.settled
    statements = settled_part(text[start : side.reach]).statement_starts
    cuts = side.cuts((start + line_start for line_start in statements), count_tokens)
    return text[offset : cuts[0].offset]
