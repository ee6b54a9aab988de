"""Conversion between code points of a `str` and bytes of its UTF-8 form, which is what tree-sitter counts in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_CONTINUATION_MASK = 0xC0
_CONTINUATION = 0x80


def encode(text: str) -> bytes:
    """UTF-8 of `text`; lone surrogates, which an editor may send, become three bytes that no parser accepts."""
    return text.encode("utf-8", "surrogatepass")


class ByteOffsets:
    """Maps code-point offsets of one text to byte offsets and back. Free for ASCII, 4 bytes a character otherwise."""

    def __init__(self, text: str, data: bytes) -> None:
        """`data` must be `encode(text)`."""
        self._char_count = len(text)
        self._byte_count = len(data)
        self._starts: npt.NDArray[np.int32] | None = None
        if len(data) != len(text):
            octets = np.frombuffer(data, np.uint8)
            self._starts = np.flatnonzero((octets & _CONTINUATION_MASK) != _CONTINUATION).astype(np.int32)

    def to_byte(self, char: int) -> int:
        """The byte at which code point `char` starts; clamped to the text."""
        if char >= self._char_count:
            return self._byte_count
        char = max(char, 0)
        return char if self._starts is None else int(self._starts[char])

    def to_char(self, byte: int) -> int:
        """The code point that byte `byte` belongs to; clamped to the text."""
        if byte >= self._byte_count:
            return self._char_count
        byte = max(byte, 0)
        return byte if self._starts is None else int(self._starts.searchsorted(byte, side="right")) - 1
