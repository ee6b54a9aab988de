"""Takes off the end of a suggestion what the text after the cursor says already."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mim_lsp.completion.cursor_line import is_common, is_only_closers, joins_word, rest_of_line, typed_part
from mim_lsp.syntax.lexing import CLOSER_OF

_BLANKS = " \t\n"
_SYMBOL = re.compile(
    r"(?P<stray>(?<=[\"'])(?:\"\"|''))"  # an empty string right behind another: the closing quotes once more
    r'|"""(?:\\.|[^\\])*?"""'
    r"|'''(?:\\.|[^\\])*?'''"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'"
    r"|#[^\n]*"
    r"|(?P<double>,\s*,|;\s*;|['\"])"
    r"|(?P<colons>:\s*:)"
    r"|[()\[\]{}]",
    re.DOTALL,
)
"""Brackets, and in named groups what no line should have; strings and comments too, so that they are skipped."""


def trim(candidate: str, prefix: str, suffix: str) -> str:
    r"""`candidate` without an end that repeats the head of `suffix`, and without blanks before a line break.

    `b)` before `)` becomes `b` if the line has no bracket for a second one; lines that stand below the cursor are not
    written again. The result is a start of `candidate`, perhaps an empty one.
    """
    while True:
        trimmed = _without_blanks(candidate, suffix)
        trimmed = trimmed[: len(trimmed) - _surplus(trimmed, prefix, suffix)]
        if trimmed == candidate:
            return candidate
        candidate = trimmed


def _without_blanks(candidate: str, suffix: str) -> str:
    """`candidate` without the blanks, and blank lines, at its end if the line ends at the cursor anyway."""
    return candidate.rstrip(_BLANKS) if suffix.startswith("\n") else candidate


def _surplus(candidate: str, prefix: str, suffix: str) -> int:
    """How many characters at the end of `candidate` are there already, at the head of `suffix`."""
    overlaps = list(_overlaps(candidate, suffix))
    for length in overlaps:
        if _is_repetition(candidate, suffix, length):
            return length
    return _surplus_closers(candidate, prefix, suffix, [n for n in overlaps if is_only_closers(suffix[:n])])


def _overlaps(candidate: str, suffix: str) -> Iterator[int]:
    """The lengths at which an end of `candidate` is a head of `suffix`, longest first."""
    longest = min(len(candidate), len(suffix))
    return (length for length in range(longest, 0, -1) if candidate.endswith(suffix[:length]))


def _is_repetition(candidate: str, suffix: str, length: int) -> bool:
    """Whether an overlap is what the suffix says already, rather than the same thing meant twice."""
    overlap, before, after = suffix[:length], candidate[:-length], suffix[length:]
    if joins_word(before, overlap) or joins_word(overlap, after):
        return False
    if joins_word(overlap, overlap):  # kept, it would run into itself: `size` before `size)`
        return True
    if "\n" in overlap:
        return after[:1] in ("", "\n") and not is_common(overlap)
    return not is_only_closers(overlap) and (not is_common(overlap) or overlap == rest_of_line(suffix))


def _surplus_closers(candidate: str, prefix: str, suffix: str, lengths: list[int]) -> int:
    """Which of `lengths` leaves the line best balanced when taken off; 0 if it is as good as it is."""
    left, right = typed_part(prefix), rest_of_line(suffix)

    def imbalance(length: int) -> int:
        return _imbalance(left + candidate[: len(candidate) - length] + right)

    return min(sorted([0, *lengths]), key=imbalance)


def _imbalance(text: str) -> int:
    """How many brackets and quotes of `text` have no partner, and how many separators stand there twice."""
    opened: list[str] = []
    count = 0
    for match in _SYMBOL.finditer(text):
        symbol = match.group()
        if match.lastgroup:
            count += match.lastgroup != "colons" or "]" not in opened
        elif symbol in CLOSER_OF:
            opened.append(CLOSER_OF[symbol])
        elif opened[-1:] == [symbol]:
            opened.pop()
        else:
            count += symbol in ")]}"
    return count + len(opened)
