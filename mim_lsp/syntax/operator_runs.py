"""Long runs of punctuation, which no program has outside of comments and strings, kept from the parser.

For thousands of operators without an operand, such as `-,-,-,`, tree-sitter's error recovery takes the cube of their
number in time and does not ask meanwhile whether it should stop: a minute for 20,000 characters.
"""

from __future__ import annotations

import re

MAX_RUN_BYTES = 400
"""Of a longer run only the first and the last `_KEPT_BYTES` reach the parser."""

_KEPT_BYTES = 100  # a comment's marks at both ends are among them

# Words are operands; quotes and brackets change what follows them, and bytes of other alphabets belong together.
_PUNCTUATION = rb"""[^\w"'`()\[\]{}\x80-\xff]"""
_LONG_RUN = re.compile(_PUNCTUATION + rb"{%d,}" % (MAX_RUN_BYTES + 1))
_NOT_SPACE = re.compile(rb"[^\s]")
_IS_OTHER = bytes(re.match(_PUNCTUATION, bytes([byte])) is None for byte in range(256))
_NEEDLE = bytes(MAX_RUN_BYTES + 1)


def blank_long_runs(data: bytes) -> bytes:
    """`data`, the UTF-8 of a text, with the middle of each long run of punctuation as spaces; lines stay."""
    if _NEEDLE not in data.translate(_IS_OTHER):  # fifty times faster than to search with the expression
        return data
    return _LONG_RUN.sub(_blank_middle, data)


def _blank_middle(run: re.Match[bytes]) -> bytes:
    text = run[0]
    middle = _NOT_SPACE.sub(b" ", text[_KEPT_BYTES:-_KEPT_BYTES])
    return text[:_KEPT_BYTES] + middle + text[-_KEPT_BYTES:]
