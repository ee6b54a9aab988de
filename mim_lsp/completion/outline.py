"""What a prefix that starts inside a file keeps in view of the lines above it: imports, and the headers around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache, partial

from mim_lsp.syntax.boundaries import statement_line_starts
from mim_lsp.syntax.scopes import enclosing_headers, import_ranges
from mim_lsp.syntax.tree import SyntaxTree, window_around

MAX_PARSED_CHARS = 120_000
"""Of a longer text above the cursor only the last half of this is parsed, and its head for the imports."""
HEAD_CHARS = 8_000
"""How much of a long text's head is searched for imports."""
IMPORTS_SHARE = 0.15
"""Most of the prefix's budget that imports may take."""
HEADERS_SHARE = 0.15
"""Most of the prefix's budget that the headers of the enclosing classes and functions may take."""

_MAX_IMPORTS = 64


class SettledPart:
    """A part of the document that stays as it is for a block of typing, so that it is parsed and walked once."""

    def __init__(self, text: str, language: str) -> None:
        self._tree = SyntaxTree.parse(text, language=language)
        self.headers = lru_cache(maxsize=64)(partial(enclosing_headers, self._tree))
        """See `enclosing_headers`."""

    @cached_property
    def statement_starts(self) -> list[int]:
        """See `statement_line_starts`."""
        return statement_line_starts(self._tree)

    @cached_property
    def imports(self) -> list[tuple[int, int]]:
        """The ranges of the first imports."""
        return import_ranges(self._tree, _MAX_IMPORTS)


settled_part = lru_cache(maxsize=8)(SettledPart)
"""The settled part that is this text, in the language of this LSP `languageId`."""


class Outline:
    """The syntax of `text[:end]`. What comes after `end` is not looked at, so typing there changes nothing."""

    def __init__(self, text: str, end: int, language: str = "python") -> None:
        self._text, self._language = text, language
        # a part of fixed length, as window_around's choice must not depend on how much there is further up
        base = max(0, end - 2 * MAX_PARSED_CHARS)
        above = text[base:end]
        start, _ = window_around(above, len(above), len(above), MAX_PARSED_CHARS, language)
        self._base = base + start
        self._part = settled_part(above[start:], language)

    def statement_starts(self) -> list[int]:
        """Offsets of the lines on which statements of the module and of class bodies begin."""
        return [self._base + start for start in self._part.statement_starts]

    def lead(self, start: int, budget: int, count_tokens: Callable[[str], int]) -> str:
        """The file's imports and the headers around the line that starts at `start`, as far as they lie above it.

        They come in the file's order, each with the line break before it. What does not fit its share of `budget`
        tokens is left out. The headers are those of the prefix's first line, not the cursor's, so that they stay the
        same while a person types; those of the cursor that lie above `start` are among them.
        """
        imports = _whole_lines(self._text, self._imports(), start)
        headers = _whole_lines(self._text, self._headers(start), start)
        chosen = {
            **_within_share(self._text, imports.items(), int(budget * IMPORTS_SHARE), count_tokens),
            # the inner ones first, as they say more about what follows
            **_within_share(self._text, reversed(headers.items()), int(budget * HEADERS_SHARE), count_tokens),
        }
        return _joined(self._text, chosen)

    def _imports(self) -> list[tuple[int, int]]:
        return (settled_part(self._text[:HEAD_CHARS], self._language) if self._base else self._part).imports

    def _headers(self, start: int) -> list[tuple[int, int]]:
        if start < self._base:
            return []
        return [(self._base + a, self._base + b) for a, b in self._part.headers(start - self._base)]


def _whole_lines(text: str, ranges: Iterable[tuple[int, int]], limit: int) -> dict[int, int]:
    """The ranges that end above `limit`, from the break before their line on, as start: end.

    Of several ranges that begin in one line this makes one.
    """
    return {max(0, text.rfind("\n", 0, start)): end for start, end in ranges if end < limit}


def _within_share(
    text: str, ranges: Iterable[tuple[int, int]], budget: int, count_tokens: Callable[[str], int]
) -> dict[int, int]:
    """The ranges that together have at most `budget` tokens; one that is too long does not keep out the next."""
    chosen: dict[int, int] = {}
    for start, end in ranges:
        tokens = count_tokens(text[start:end])
        if tokens <= budget:
            chosen[start] = end
            budget -= tokens
    return chosen


def _joined(text: str, ranges: dict[int, int]) -> str:
    """The texts of the ranges in order, without one that overlaps an earlier one, as in broken code."""
    pieces: list[str] = []
    last_end = 0
    for start, end in sorted(ranges.items()):
        if start >= last_end:
            pieces.append(text[start:end])
            last_end = end
    return "".join(pieces)
