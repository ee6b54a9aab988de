"""Conversion between code points of a `str` and bytes of its UTF-8 form, which is what tree-sitter counts in."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

_BLOCK = 256
"""Characters between two places whose bytes are known."""
_CONTINUATIONS = bytes(range(0x80, 0xC0))
"""Bytes that do not start a character."""


def encode(text: str) -> bytes:
    """UTF-8 of `text`; lone surrogates, which an editor may send, become three bytes that no parser accepts."""
    return text.encode("utf-8", "surrogatepass")


class ByteOffsets:
    """Maps code-point offsets of one text to byte offsets and back. Free for ASCII; else what lies between two known
    places is encoded, or counted."""

    def __init__(self, text: str, data: bytes) -> None:
        """`data` must be `encode(text)`."""
        self._text, self._data = text, data
        self._is_ascii = len(data) == len(text)
        self._starts: list[int] = []
        """The byte at which each block of characters starts."""
        if not self._is_ascii:
            blocks = (text[start : start + _BLOCK] for start in range(0, len(text), _BLOCK))
            self._starts = [*accumulate((len(encode(block)) for block in blocks), initial=0)]

    def to_byte(self, char: int) -> int:
        """The byte at which code point `char` starts; clamped to the text."""
        if char >= len(self._text):
            return len(self._data)
        char = max(char, 0)
        if self._is_ascii:
            return char
        block = char // _BLOCK
        return self._starts[block] + len(encode(self._text[block * _BLOCK : char]))

    def to_char(self, byte: int) -> int:
        """The code point that byte `byte` belongs to; clamped to the text."""
        if byte >= len(self._data):
            return len(self._text)
        byte = max(byte, 0)
        if self._is_ascii:
            return byte
        block = bisect_right(self._starts, byte) - 1
        begun = self._data[self._starts[block] : byte + 1].translate(None, _CONTINUATIONS)
        return block * _BLOCK + len(begun) - 1
