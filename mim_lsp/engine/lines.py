"""Tokens of a text, line by line, so that the lines which did not change since the last request cost nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from mim_lsp.runtime.loading import CodeTokenizer

REMEMBERED_LINES = 16_384
"""Lines whose tokens are kept: several open documents' worth."""

_LINE_START = re.compile(r"(?=\r\n)|(?<!\r)(?=\n)")


class LineTokens:
    """The tokenizer, with a memory for lines. It relies on no token spanning a line break's start."""

    def __init__(self, tokenizer: CodeTokenizer) -> None:
        self._line = lru_cache(REMEMBERED_LINES)(lambda line: tuple(tokenizer.encode(line)))
        self._characters = lru_cache(REMEMBERED_LINES)(lambda line: as_characters(self._line(line)))

    def encode(self, text: str) -> list[int]:
        """The same as `CodeTokenizer.encode`."""
        return list(chain.from_iterable(map(self._line, _lines(text))))

    def characters(self, text: str) -> str:
        """The tokens of a text as characters: `chr` of each id."""
        return "".join(map(self._characters, _lines(text)))

    def count(self, text: str) -> int:
        """Number of tokens of a text."""
        return sum(map(len, map(self._line, _lines(text))))


def as_characters(ids: Iterable[int]) -> str:
    """A character for each id."""
    return "".join(map(chr, ids))


def _lines(text: str) -> list[str]:
    """The lines of a text, each with the break before it."""
    if "\r" in text:
        return _LINE_START.split(text)
    first, *others = text.split("\n")
    return [first, *["\n" + line for line in others]]
