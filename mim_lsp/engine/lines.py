"""Tokens of a text, line by line, so that the lines which did not change since the last request cost nothing."""

from __future__ import annotations

import re
from functools import lru_cache

from mim_lsp.runtime.loading import CodeTokenizer

REMEMBERED_LINES = 16_384
"""Lines whose tokens are kept: several open documents' worth."""

_LINE_START = re.compile(r"(?=\r\n)|(?<!\r)(?=\n)")


class LineTokens:
    """The tokenizer, with a memory for lines. It relies on no token spanning a line break's start."""

    def __init__(self, tokenizer: CodeTokenizer) -> None:
        self._line = lru_cache(REMEMBERED_LINES)(lambda line: tuple(tokenizer.encode(line)))

    def encode(self, text: str) -> list[int]:
        """The same as `CodeTokenizer.encode`."""
        return [token for line in _LINE_START.split(text) if line for token in self._line(line)]
