"""From a document and a cursor to what the model reads: a prefix and a suffix that fit a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mim_lsp.completion.cuts import Side, suffix_end
from mim_lsp.completion.outline import Outline
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
    """Before the cursor. Where it does not begin with the file, it begins with a line break: first imports and headers
    from further up, then one contiguous part that ends at the cursor."""
    suffix: str
    """After the cursor."""
    far_prefix_end: int
    """The backward direction's far side is `prefix[:far_prefix_end]`; the rest is the typed part L of the line."""
    far_suffix_start: int
    """The forward direction's far side is `suffix[far_suffix_start:]`; what is before it is the rest R of the line."""


def build_context(text: str, offset: int, budget: Budget, count_tokens: Callable[[str], int]) -> Context:
    r"""What the model reads for a cursor at `offset` (0 to len(text)) of `text`, whose line breaks are `\n`.

    Never raises, whatever the text. The work does not grow with the text beyond some ten thousand characters.
    `count_tokens` is called a few times on pieces that begin with a line break or at a document's start, the cursor,
    or inside a line that alone exceeds the budget. A token must not span a line break's start.
    """
    prefix = _prefix(text, offset, budget.prefix_tokens, count_tokens)
    suffix = text[offset : suffix_end(Side(text, offset, len(text), budget.suffix_tokens), count_tokens)]
    return Context(prefix, suffix, far_prefix_end(prefix, len(prefix)), far_suffix_start(suffix, 0))


def _prefix(text: str, offset: int, budget: int, count_tokens: Callable[[str], int]) -> str:
    """The farthest part of the text before `offset` that fits with what it needs of the lines above it."""
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
