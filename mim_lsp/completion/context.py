"""From a document and a cursor to what the model reads: a prefix and a suffix that fit a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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
    """The lead, then one contiguous part of the text that ends at the cursor. The lead is lines from other files, then
    imports and headers from further up. Each piece from inside the file begins with the line break before it, except
    where the cursor's line alone exceeds the budget and is cut."""
    suffix: str
    """After the cursor."""
    far_prefix_end: int
    """The backward direction's far side is `prefix[:far_prefix_end]`; the rest is the typed part L of the line."""
    far_suffix_start: int
    """The forward direction's far side is `suffix[far_suffix_start:]`; what is before it is the rest R of the line."""
    lead_length: int = field(default=0, compare=False)
    """The lead is `prefix[:lead_length]`."""


def build_context(
    text: str,
    offset: int,
    budget: Budget,
    count_tokens: Callable[[str], int],
    *,
    related: str = "",
    language: str = "python",
) -> Context:
    r"""What the model reads for a cursor at `offset` (0 to len(text)) of `text`, whose line breaks are `\n`.

    Never raises, whatever the text, and looks at no more than some hundred thousand characters of it. `count_tokens`
    sees each piece of a few lines once or twice; its counts must add up for pieces that are cut before a line break.
    `related` is whole lines from other files, which count as part of the prefix; they are left out where they do not
    leave it half of its budget. `language` is an LSP `languageId`.
    """
    related = related.rstrip("\n")
    room = budget.prefix_tokens - (count_tokens(related + "\n") if related else 0)
    if not related or 2 * room < budget.prefix_tokens:
        related, room = "", budget.prefix_tokens
    lead, start = _prefix(text, offset, room, count_tokens, language)
    near = text[start:offset]
    if related and (start == 0 or text.startswith("\n", start)):
        lead = related + ("" if (lead + near).startswith("\n") else "\n") + lead
    suffix = _suffix(text, offset, budget.suffix_tokens, count_tokens, language)
    far_prefix = len(lead) + far_prefix_end(near, len(near))
    return Context(lead + near, suffix, far_prefix, far_suffix_start(suffix, 0, language), len(lead))


def _prefix(text: str, offset: int, budget: int, count_tokens: Callable[[str], int], language: str) -> tuple[str, int]:
    """The outline, and the start of the longest part of the text before `offset` that fits behind it."""
    side = Side(text, offset, 0, budget)
    outline = Outline(text, side.settled, language)
    cuts = side.cuts(outline.statement_starts(), count_tokens)
    for cut in cuts:
        # a line that is cut has lost its break, so nothing can stand before it
        starts_line = cut.offset > 0 and text.startswith("\n", cut.offset)
        lead = outline.lead(cut.offset + 1, budget, count_tokens) if starts_line else ""
        if cut.tokens + count_tokens(lead) <= budget:
            return lead, cut.offset
    return "", cuts[0].offset


def _suffix(text: str, offset: int, budget: int, count_tokens: Callable[[str], int], language: str) -> str:
    """The longest part of the text after `offset` that fits, up to a line's end, best one before a statement."""
    side = Side(text, offset, len(text), budget)
    start = side.settled
    statements = settled_part(text[start : side.reach], language).statement_starts
    cuts = side.cuts((start + line_start for line_start in statements), count_tokens)
    return text[offset : cuts[0].offset]
