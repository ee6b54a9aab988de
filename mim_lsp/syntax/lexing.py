"""The brackets, separators and line breaks of a text that stand neither in strings nor in comments.

For code that does not parse; strings are told apart from the start of the scanned range.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from mim_lsp.syntax.language import Language
from mim_lsp.syntax.languages import language_named

CLOSER_OF = {"(": ")", "[": "]", "{": "}"}


def symbols(text: str, start: int, end: int, language: str = "python") -> Iterator[tuple[int, str]]:
    """Offset and character of each bracket, separator and line break in text[start:end].

    Those in strings and comments are left out. What separates (Python: the colon) is up to the language.
    """
    for match in _symbol_pattern(language_named(language)).finditer(text, start, end):
        if match.lastgroup == "symbol":
            yield match.start(), match["symbol"]


def missing_closers(text: str, start: int, language: str = "python") -> str:
    """The closers that text[start:] still lacks, in the order in which they have to be typed."""
    expected: list[str] = []
    for _, symbol in symbols(text, start, len(text), language):
        if symbol in CLOSER_OF:
            expected.append(CLOSER_OF[symbol])
        elif expected and symbol == expected[-1]:
            expected.pop()
    return "".join(reversed(expected))


def unbalanced_brackets(text: str, language: str = "python") -> int:
    """How many brackets of `text` have no partner."""
    expected: list[str] = []
    strays = 0
    for _, symbol in symbols(text, 0, len(text), language):
        if symbol in CLOSER_OF:
            expected.append(CLOSER_OF[symbol])
        elif expected and symbol == expected[-1]:
            expected.pop()
        elif symbol in ")]}":
            strays += 1
    return strays + len(expected)


@cache
def _symbol_pattern(language: Language) -> re.Pattern[str]:
    """Finds strings and comments, so that they are passed over, and in the group `symbol` what counts."""
    return re.compile(rf"{language.skipped}|(?P<symbol>[()\[\]{{}}{re.escape(language.separators)}])", re.DOTALL)
