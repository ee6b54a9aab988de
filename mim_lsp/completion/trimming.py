"""Takes off the end of a suggestion what the text after the cursor says already."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mim_lsp.completion.cursor_line import (
    MAX_LINE_CHARS,
    is_common,
    is_only_closers,
    joins_word,
    rest_of_line,
    typed_part,
)
from mim_lsp.syntax.lexing import CLOSER_OF
from mim_lsp.syntax.validity import makes_syntax_worse

MAX_CLOSERS = 16
"""Most characters that are taken off for being surplus closers."""

_BLANKS = " \t\n"
_ENDS = ")]}'\",:;"
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


def trim(candidate: str, prefix: str, suffix: str, language: str = "python") -> str:
    r"""`candidate` without an end that repeats the head of `suffix`, and without blanks before a line break.

    `b)` before `)` becomes `b` if the line has no bracket for a second one; lines that stand below the cursor are not
    written again. Short things that may well stand twice stay. The result is a start of `candidate`, maybe empty.
    """
    head = suffix[: max(len(candidate) + 1, MAX_LINE_CHARS)]
    candidate = _without_blanks(candidate, head)
    while repeated := _repeated(candidate, head):
        candidate = _without_blanks(candidate[:-repeated], head)
    trimmed = _without_surplus_closers(candidate, prefix, head)
    # the line alone may deceive, as when a bracket that is open further up is closed here
    is_needed = trimmed != candidate and makes_syntax_worse(prefix, trimmed, suffix, language)
    return candidate if is_needed else _without_blanks(trimmed, head)


def _without_blanks(candidate: str, suffix: str) -> str:
    """`candidate` without the blanks, and blank lines, at its end if the line ends at the cursor anyway."""
    return candidate.rstrip(_BLANKS) if suffix[:1] in ("", "\n") else candidate


def _repeated(candidate: str, suffix: str) -> int:
    """How many characters at the end of `candidate` say what the head of `suffix` says already."""
    return next((n for n in _overlaps(candidate, suffix) if _is_repetition(candidate, suffix, n)), 0)


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


def _without_surplus_closers(candidate: str, prefix: str, suffix: str) -> str:
    """`candidate` without as many closers at its end, which `suffix` has too, as leave its line balanced best."""
    left, right = typed_part(prefix), rest_of_line(suffix)

    closers = suffix[:MAX_CLOSERS]
    lengths = [n for n in _overlaps(candidate, closers) if is_only_closers(closers[:n])]
    ends = candidate[len(candidate.rstrip(_ENDS)) :]
    if right.strip() and ends.startswith(right.strip()):  # `self):` before `)`: the colon is not to stand inside
        lengths.append(len(ends))
    variants = [candidate, *(candidate[:-n] for n in reversed(lengths))]
    return min(variants, key=lambda variant: _imbalance(left + variant + right))


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
