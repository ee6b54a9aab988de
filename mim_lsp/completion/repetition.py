"""Filters of suggestions that say again what stands around the cursor, or in them, already."""

from __future__ import annotations

import re
from itertools import groupby, islice

from mim_lsp.completion.cursor_line import (
    MAX_PRECEDING_CHARS,
    following_lines,
    is_common,
    is_only_closers,
    joins_word,
    preceding_line,
    rest_of_line,
    typed_part,
)
from mim_lsp.completion.place import Place

MAX_TAIL_CHARS = 400
"""So much of a suggestion's end is searched for loops."""
MAX_EQUAL_LINES = 2
"""Lines in a row that may be the same."""

_LOOP = re.compile(r"(?P<unit>.{2,80}?)(?P=unit){4,}.{0,80}\Z", re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")
_AWAITS_MORE = re.compile(r"(?:[-+*/%@&|^<>=,.~!:]|\b(?:and|or|not|in|is|if|else|await|return|yield|from|lambda))\s*\Z")


def repeats_following(candidate: str, place: Place) -> bool:
    """Whether the candidate writes once more what stands after the cursor, in its line or right below it.

    Lines that are often there twice (`)`, `else:`, `return None`) do not count.
    """
    return _repeats_rest_of_line(candidate, place.suffix) or _repeats_next_lines(candidate, place)


def repeats_preceding(candidate: str, place: Place) -> bool:
    """Whether the line where the candidate begins would be the one right above it once more.

    So is one line of held-out code in 1,900. What names nothing (`)`, `else:`) does not count.
    """
    written = candidate.lstrip()
    before = place.prefix[-MAX_PRECEDING_CHARS:] + candidate[: len(candidate) - len(written)]
    first, has_more, _ = written.partition("\n")
    line = typed_part(before) + first + ("" if has_more else rest_of_line(place.suffix))
    return not is_common(first) and line.rstrip() == preceding_line(before)


def repeats_itself(candidate: str, place: Place) -> bool:
    """Whether the candidate runs in circles: one line three times in a row, or the same words five times."""
    lines = (line.strip() for line in candidate.split("\n") if line.strip())
    for line, equals in groupby(lines):
        if len(list(equals)) > MAX_EQUAL_LINES and not is_common(line):
            return True
    loop = _LOOP.search(candidate[-MAX_TAIL_CHARS:])
    return loop is not None and _LETTER.search(loop["unit"]) is not None


def _repeats_rest_of_line(candidate: str, suffix: str) -> bool:
    text, rest = candidate.strip(), rest_of_line(suffix).strip()
    if is_only_closers(rest) or not text.startswith(rest):
        return False
    if text == rest:
        return True
    # `x + ` before `x` says something new: what follows is its other operand
    is_new = is_common(rest) or joins_word(rest, text[len(rest) :]) or _AWAITS_MORE.search(text)
    return not is_new


def _repeats_next_lines(candidate: str, place: Place) -> bool:
    """Whether the candidate's last whole line is the next one, or all of its lines are the next ones."""
    typed = typed_part(place.prefix)
    lines = (typed + candidate + rest_of_line(place.suffix)).split("\n")
    if typed.strip():
        lines = lines[1:]  # the typist began the first line, and may well want it twice
    lines = [line.rstrip() for line in lines if line.strip()]
    if not lines or all(map(is_common, lines)):
        return False
    following = list(islice(following_lines(place.suffix), len(lines)))
    return following == lines or (following[:1] == lines[-1:] and not is_common(lines[-1]))
