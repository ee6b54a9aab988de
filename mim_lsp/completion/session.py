r"""What the model reads of one document, kept in place while a person types.

A context that is built anew for every key moves all the time: windows slide, and the far sides follow the cursor's
line. Each move has rows read again. So a session keeps the last context's borders, as facts about the text: behind the
lead stands this far prefix, and so far from the document's end this far suffix. While a later text still has them
around its cursor, and what lies between them (L and R, see `Context`) stays small, that context is the old one with
another L and R. Only a cursor that jumps, or an edit elsewhere, makes a new one at once; else that is left to idle
moments.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from mim_lsp.completion.context import Budget, Context, build_context
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.syntax.boundaries import far_suffix_start

ROW_OVERHEAD = 4
"""Special tokens of a row."""
SLACK_SHARE = 0.1
"""Share of the model's context that a new context leaves for what is typed before the next one."""
MAX_SLACK = 160
"""Most tokens that are left for it: several lines."""
LEAST_TO_WRITE = 24
"""Tokens of a suggestion for which rows that have grown must have room; a new context has room for `max_tokens`."""
MAX_NEAR_TOKENS = 144
"""Tokens between the far prefix and the cursor, which the backward model has not read."""
MAX_NEAR_LINES = 16
"""Line breaks between them."""
MAX_REST_LINES = 2
"""Line breaks between the cursor and the far suffix: Enter between brackets leaves the closing one on a new line."""
MAX_REST_CHARS = 200
"""Characters between the cursor and the far suffix."""


@dataclass(frozen=True)
class Cursor:
    r"""A place in a document; line breaks are `\n`."""

    text: str
    offset: int


@dataclass(frozen=True)
class Anchors:
    """The borders of a context."""

    lead: str
    start: int
    """Where the far prefix starts in the text."""
    far_prefix: str
    far_suffix: str
    to_end: int
    """Characters of the text behind the far suffix."""
    length: int
    """Of the text."""
    tokens: int
    """Of the lead and both far sides."""

    @classmethod
    def of(cls, context: Context, cursor: Cursor, count_tokens: Callable[[str], int]) -> Anchors:
        """The borders of a context that was made for this cursor."""
        near = len(context.prefix) - context.lead_length
        far_prefix = context.prefix[context.lead_length : context.far_prefix_end]
        far_suffix = context.suffix[context.far_suffix_start :]
        return cls(
            lead=context.prefix[: context.lead_length],
            start=cursor.offset - near,
            far_prefix=far_prefix,
            far_suffix=far_suffix,
            to_end=len(cursor.text) - cursor.offset - len(context.suffix),
            length=len(cursor.text),
            tokens=count_tokens(context.prefix[: context.far_prefix_end]) + count_tokens(far_suffix),
        )

    def around(self, cursor: Cursor) -> Context | None:
        """The context with these borders, if the text still has them around the cursor."""
        text, offset = cursor.text, cursor.offset
        suffix_start = len(text) - self.to_end - len(self.far_suffix)
        if suffix_start < offset or not text.startswith(self.far_suffix, suffix_start):
            return None
        for start in self._starts(len(text)):
            near = start + len(self.far_prefix)
            if near <= offset and text.startswith(self.far_prefix, start):
                return Context(
                    prefix=self.lead + text[start:offset],
                    suffix=text[offset : len(text) - self.to_end],
                    far_prefix_end=len(self.lead) + len(self.far_prefix),
                    far_suffix_start=suffix_start - offset,
                    lead_length=len(self.lead),
                )
        return None

    def _starts(self, length: int) -> tuple[int, ...]:
        """Where the window may start: where it did, or moved by an edit further up, as by an import that was added."""
        moved = self.start + length - self.length
        return (self.start, moved) if 0 < self.start != moved > 0 else (self.start,)


class DocumentSession:
    """The context of one document's last request."""

    def __init__(
        self,
        count_tokens: Callable[[str], int],
        context_length: int,
        *,
        is_one_off: bool = False,
        first_tokens: float = math.inf,
    ) -> None:
        """For a model that reads rows of `context_length` tokens; a one-off fills them, as nothing follows.

        `first_tokens`: most that are read for a first request that nothing was read ahead for: someone waits.
        """
        self._count_tokens, self._context_length = count_tokens, context_length
        self._is_one_off, self._first_tokens = is_one_off, first_tokens
        self._anchors: Anchors | None = None

    def context(self, cursor: Cursor, options: CompletionOptions) -> tuple[Context, bool]:
        """The context for a request, and whether it had to be made anew."""
        kept = self._anchors.around(cursor) if self._anchors else None
        if kept is not None and self._anchors is not None and self._is_near(kept, self._anchors, options):
            return kept, False
        is_first = self._anchors is None and not self._is_one_off
        fresh = self.fresh(cursor, options, self._first_tokens if is_first else math.inf)
        self.keep(fresh, cursor)
        return fresh, True

    def fresh(self, cursor: Cursor, options: CompletionOptions, most: float = math.inf) -> Context:
        """A new context for the cursor, of `most` tokens; the session's stays as it is."""
        return build_context(
            cursor.text,
            cursor.offset,
            self.budget(options, most),
            self._count_tokens,
            related=options.related,
            language=options.language,
        )

    def keep(self, context: Context, cursor: Cursor) -> None:
        """Make this context, which was made for this cursor, the session's."""
        self._anchors = Anchors.of(context, cursor, self._count_tokens)

    def budget(self, options: CompletionOptions, most: float = math.inf) -> Budget:
        """The options' budget, lowered in proportion to `most` tokens and to what leaves the model some context."""
        wanted = options.prefix_tokens + options.suffix_tokens
        room = max(0, self._room(options))
        slack = 0 if self._is_one_off else min(MAX_SLACK, int(room * SLACK_SHARE))
        share = min(1.0, min(most, room - slack) / max(1, wanted))
        return Budget(int(options.prefix_tokens * share), int(options.suffix_tokens * share))

    def _room(self, options: CompletionOptions) -> int:
        """Tokens of a row's prompt, special ones apart."""
        return self._context_length - ROW_OVERHEAD - options.max_tokens

    def _is_near(self, context: Context, anchors: Anchors, options: CompletionOptions) -> bool:
        """Whether what lies between the far sides and the cursor is little enough, and the rows fit the model."""
        near = context.prefix[context.far_prefix_end :]
        rest = context.suffix[: context.far_suffix_start]
        if near.count("\n") > MAX_NEAR_LINES or not _is_closers(rest, options.language):
            return False
        near_tokens = self._count_tokens(near)
        longest = anchors.tokens + max(near_tokens, self._count_tokens(rest))
        spare = max(0, options.max_tokens - LEAST_TO_WRITE)
        return near_tokens <= MAX_NEAR_TOKENS and longest <= self._room(options) + spare


def _is_closers(rest: str, language: str) -> bool:
    """Whether the text up to the far suffix is only blanks and closers, on few lines."""
    if len(rest) > MAX_REST_CHARS or rest.count("\n") > MAX_REST_LINES:
        return False
    return all(far_suffix_start(line, 0, language) == len(line) for line in rest.split("\n"))
