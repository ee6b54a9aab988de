"""Tokens of a text, line by line, so that the lines which did not change since the last request cost nothing."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Generic, TypeVar

from mim_lsp.runtime.loading import CodeTokenizer

REMEMBERED_LINES = 16_384
"""Lines whose tokens are kept: several open documents' worth."""
LONG_LINE = 256
"""Longer lines, in characters, are kept by their size: in minified code every key makes another huge one."""
MOST_LONG_CHARS = 1_000_000
"""Of all long lines together."""

Result = TypeVar("Result")

_LINE_START = re.compile(r"(?=\r\n)|(?<!\r)(?=\n)")


class LineTokens:
    """The tokenizer, with a memory for lines. It relies on no token spanning a line break's start."""

    def __init__(self, tokenizer: CodeTokenizer) -> None:
        self._ids = _ByLine(lambda line: tuple(tokenizer.encode(line)))
        self._characters = _ByLine(lambda line: as_characters(self._ids.of(line)))

    def encode(self, text: str) -> list[int]:
        """The same as `CodeTokenizer.encode`."""
        return list(chain.from_iterable(self._ids.of_all(text)))

    def characters(self, text: str) -> str:
        """The tokens of a text as characters: `chr` of each id."""
        return "".join(self._characters.of_all(text))

    def count(self, text: str) -> int:
        """Number of tokens of a text."""
        return sum(map(len, self._ids.of_all(text)))


class _ByLine(Generic[Result]):
    """What a function gives for each line, remembered."""

    def __init__(self, work: Callable[[str], Result]) -> None:
        self._work, self._short = work, lru_cache(REMEMBERED_LINES)(work)
        self._long = OrderedDict[str, Result]()  # the one that was asked for last at the end
        self._long_chars = 0

    def of(self, line: str) -> Result:
        """The result for one line."""
        return self._short(line) if len(line) <= LONG_LINE else self._of_long(line)

    def of_all(self, text: str) -> Iterator[Result]:
        """The results for the lines of a text."""
        lines = _lines(text)
        # Lines are many and a function of our own for each is slow: only where there is a long one.
        return map(self._short if max(map(len, lines)) <= LONG_LINE else self.of, lines)

    def _of_long(self, line: str) -> Result:
        if line not in self._long:
            self._long[line] = self._work(line)
            self._long_chars += len(line)
        self._long.move_to_end(line)
        while self._long_chars > MOST_LONG_CHARS and len(self._long) > 1:
            self._long_chars -= len(self._long.popitem(last=False)[0])
        return self._long[line]


def as_characters(ids: Iterable[int]) -> str:
    """A character for each id."""
    return "".join(map(chr, ids))


def _lines(text: str) -> list[str]:
    """The lines of a text, each with the break before it."""
    if "\r" in text:
        return _LINE_START.split(text)
    first, *others = text.split("\n")
    return [first, *["\n" + line for line in others]]
