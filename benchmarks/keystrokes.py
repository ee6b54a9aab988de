"""A trace of keystrokes in real files: where someone types, and what the document looks like after each key."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PLACES, KEYS = 10, 20
"""200 keys in all."""


@dataclass(frozen=True)
class Place:
    """The rest of a line that is typed again; what is before and after it never changes."""

    text: str
    start: int
    end: int

    def typing(self, stride: int) -> Iterator[tuple[str, int]]:
        """The document and the cursor before the first key, and then after every `stride` keys."""
        for cursor in range(self.start, self.end + 1, stride):
            yield self.text[:cursor] + self.text[self.end :], cursor


def choose_places(texts: Sequence[str], n: int = PLACES, keys: int = KEYS, seed: int = 0) -> list[Place]:
    """`n` line ends of `keys` characters in the middle thirds of `texts`, in turn; the same for the same seed.

    Raises:
        ValueError: too few lines are long enough.
    """
    rng = random.Random(seed)
    found = [list(_line_ends(text, keys)) for text in texts]
    for places in found:
        rng.shuffle(places)
    in_turn = [places[i] for i in range(max(map(len, found), default=0)) for places in found if i < len(places)]
    if len(in_turn) < n:
        raise ValueError(f"only {len(in_turn)} of {n} places: name more or longer files")
    return in_turn[:n]


def _line_ends(text: str, keys: int) -> Iterator[Place]:
    lines = text.split("\n")
    start = 0
    for number, line in enumerate(lines):
        end = start + len(line.rstrip())
        indent = len(line) - len(line.lstrip())
        if len(lines) <= 3 * number < 2 * len(lines) and end - start - indent >= keys:
            yield Place(text, end - keys, end)
        start += len(line) + 1
