"""Holes that need no syntax: the rest of a line, whole lines, any characters."""

from __future__ import annotations

import random
import re

from mim_lsp.syntax.hole_window import HoleWindow
from mim_lsp.syntax.lexing import CLOSER_OF

MAX_LINES = 6
MAX_SPAN_CHARS = 120

_TOKEN = re.compile(r"\w+|[^\w\s]+|\s+")
_CLOSERS_ONLY = re.compile(r"[)\]}'\",:; \t]+")


def rest_of_line(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """From a place in a line's code to its end, or to before the closers that an editor would have put there."""
    line = window.random_line(rng)
    if line is None:
        return None
    code_start, code_end = line
    code_start = max(code_start, code_end - window.max_chars)
    start = _typing_place(window.text, code_start, code_end, rng)
    closers = _open_closers(window.text, start, code_end)
    return start, closers if closers > start and rng.random() < 0.5 else code_end


def _typing_place(text: str, start: int, end: int, rng: random.Random) -> int:
    """Where in the code [start, end) a person may stand: mostly between two tokens, sometimes inside a word."""
    if rng.random() < 0.1:
        return rng.randrange(start, end)
    return start + rng.choice([match.start() for match in _TOKEN.finditer(text[start:end])])


def _open_closers(text: str, start: int, end: int) -> int:
    """Where the closers of what was opened before `start` begin, if nothing else follows them in [start, end).

    Returns:
        The offset of the first of them, or `end` if there are none.
    """
    expected: list[str] = []
    at = start
    while at < end:
        char = text[at]
        if char in "'\"":
            closing_quote = text.find(char, at + 1, end)
            if closing_quote < 0:
                break
            at = closing_quote
        elif char in CLOSER_OF:
            expected.append(CLOSER_OF[char])
        elif char in ")]}" and (not expected or expected.pop() != char):
            break
        at += 1
    return at if _CLOSERS_ONLY.fullmatch(text, at, end) else end


def lines(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """One to six whole lines, to before the last one's break.

    From after the first one's indentation, where a person stands, or from the end of the line before it.
    """
    line = window.random_line(rng)
    if line is None:
        return None
    start, end = line
    for _ in range(_line_count(rng) - 1):
        following = window.text.find("\n", end)
        line_end = window.text.find("\n", following + 1, window.end) if following >= 0 else -1
        if line_end < 0 or line_end - start > window.max_chars:
            break
        end = line_end
    end = start + len(window.text[start:end].rstrip())
    previous_end = window.text.rfind("\n", window.start, start)
    if previous_end >= 0 and rng.random() < 0.25 and window.admits(previous_end, end):
        start = previous_end
    return (start, end) if window.admits(start, end) else None


def _line_count(rng: random.Random) -> int:
    """1 to `MAX_LINES`, each further line half as likely."""
    count = 1
    while count < MAX_LINES and rng.random() < 0.5:
        count += 1
    return count


def span(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """Up to 120 characters anywhere."""
    longest = min(MAX_SPAN_CHARS, window.max_chars, window.end - window.start)
    if longest < 1:
        return None
    length = min(rng.randint(1, longest), rng.randint(1, longest))
    start = rng.randint(window.start, window.end - length)
    return start, start + length


def end_of_line(window: HoleWindow, rng: random.Random) -> int | None:
    """The end of a line that has code, before its trailing blanks."""
    line = window.random_line(rng)
    return line[1] if line else None
