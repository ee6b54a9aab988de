"""The brackets, colons and line breaks of a text that stand neither in strings nor in comments.

For code that does not parse; strings are told apart from the start of the scanned range.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

CLOSER_OF = {"(": ")", "[": "]", "{": "}"}

_SYMBOL = re.compile(
    r'"""(?:\\.|[^\\])*?"""'
    r"|'''(?:\\.|[^\\])*?'''"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'"
    r"|#[^\n]*"
    r"|\\\r?\n"
    r"|[()\[\]{}:\n]",
    re.DOTALL,
)


def symbols(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Offset and character of each bracket, colon and line break in text[start:end], outside strings and comments."""
    for match in _SYMBOL.finditer(text, start, end):
        if match.end() - match.start() == 1 and match.group() != "#":
            yield match.start(), match.group()


def missing_closers(text: str, start: int) -> str:
    """The closers that text[start:] still lacks, in the order in which they have to be typed."""
    expected: list[str] = []
    for _, symbol in symbols(text, start, len(text)):
        if symbol in CLOSER_OF:
            expected.append(CLOSER_OF[symbol])
        elif expected and symbol == expected[-1]:
            expected.pop()
    return "".join(reversed(expected))
