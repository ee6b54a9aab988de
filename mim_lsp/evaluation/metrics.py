"""What one completion of a task is worth. Pure functions of texts; all numbers are from 0 to 1."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Sequence

MIN_REPEATED_CHARS = 4
"""A shorter head of the suffix, such as `)`, may end a completion by right."""


def exact_match(completion: str, answer: str) -> bool:
    """Whether the completion is the answer, by the usual protocol (see `compared`)."""
    got, wanted = compared(completion, answer)
    return got == wanted


def edit_similarity(completion: str, answer: str) -> float:
    """1 - Levenshtein distance / length of the longer text, of what `compared` compares; 1 if both are empty."""
    got, wanted = compared(completion, answer)
    longest = max(len(got), len(wanted))
    return 1 - levenshtein(got, wanted) / longest if longest else 1.0


def compared(completion: str, answer: str) -> tuple[str, str]:
    """What is compared of the two, stripped: the completion's first line if the answer is one line, else all of it.

    An answer that begins with a line break counts as several lines: its completion's first line is empty.
    """
    is_one_line = "\n" not in answer.rstrip()
    got = completion.partition("\n")[0] if is_one_line else completion
    return got.strip(), answer.strip()


def levenshtein(a: str, b: str) -> int:
    """How many insertions, deletions and substitutions of a character turn `a` into `b`."""
    distances = list(range(len(b) + 1))
    for i, char in enumerate(a, start=1):
        diagonal, distances[0] = distances[0], i
        for j, other in enumerate(b, start=1):
            substituted = diagonal + (char != other)
            diagonal = distances[j]
            distances[j] = min(substituted, distances[j] + 1, distances[j - 1] + 1)
    return distances[-1]


def is_valid_python(text: str) -> bool:
    """Whether `text` parses as a Python module in the running interpreter's grammar."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes, which are no errors
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # ValueError: NUL or a lone surrogate; MemoryError: nested too deep for the parser's stack.
            return False
    return True


def repeats_suffix(completion: str, suffix: str) -> bool:
    """Whether the completion ends with what follows it anyway.

    Its last line with code is the suffix's first one, or its text ends with that line of at least
    `MIN_REPEATED_CHARS` characters.
    """
    head, written = suffix.strip().partition("\n")[0].strip(), completion.rstrip()
    if not head or not written:
        return False
    last_line = written.rpartition("\n")[2].strip()
    return last_line == head or (len(head) >= MIN_REPEATED_CHARS and written.endswith(head))


def percentile(values: Sequence[float], q: float) -> float:
    """The `q`-th percentile, 0 to 100, of at least one value, interpolated linearly."""
    ordered, place = sorted(values), (len(values) - 1) * q / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
