"""Where a context stands in a long text, and what follows it there: a suffix array, of the reversed text.

For texts that stay as they are from one request to the next, as other files do. Sorting takes a while, a look next to
nothing, however long the text is.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable

DEPTH = 16
"""Tokens before a place, at most, by which places are sorted: longer contexts are not told apart."""
MOST_PLACES = 64
"""Places of one context that are counted, evenly spread over all that there are."""
MOST_LEVELS = 2
"""Lengths of context that are asked, the longest that differ in where they occur."""
_BEHIND_ALL = chr(0x10FFFF)

Levels = list[tuple[int, Counter[str]]]
"""Lengths of context, in tokens, and how often which token followed it."""


class ContextIndex:
    """An index of a text that has a character for each token."""

    def __init__(self, text: str, border: str) -> None:
        """`border` is a character that is no token; it stands between texts that have nothing to do with each other."""
        self._text, self._reversed, self._border = text, text[::-1], border
        self._places = array("i", sorted(range(len(text)), key=self._before))

    def levels(self, context: str, allowed: Callable[[str], bool] | None = None) -> Levels:
        """The longest contexts that `context` ends with, and what follows them; of that what is `allowed`."""
        wanted = context[-DEPTH:][::-1]
        first = last = bisect_left(self._places, wanted, key=self._before)
        found = Levels()
        while (order := self._next_order(wanted, first, last)) > 0 and len(found) < MOST_LEVELS:
            first = bisect_left(self._places, wanted[:order], hi=first, key=self._before)
            last = bisect_right(self._places, wanted[:order] + _BEHIND_ALL, lo=last, key=self._before)
            counts = self._following(first, last, allowed)
            if counts:
                found.append((order, counts))
        return found

    def _before(self, place: int) -> str:
        """What stands before a place, the nearest token first."""
        start = len(self._text) - place
        return self._reversed[start : start + DEPTH]

    def _next_order(self, wanted: str, first: int, last: int) -> int:
        """How long a context is that stands at more places than at those from `first` to `last`; 0 if none does."""
        neighbours = (place for place in (first - 1, last) if 0 <= place < len(self._places))
        return max((_common(wanted, self._before(self._places[place])) for place in neighbours), default=0)

    def _following(self, first: int, last: int, allowed: Callable[[str], bool] | None) -> Counter[str]:
        places = self._places[first : last : -(-(last - first) // MOST_PLACES)]
        following = (self._text[place] for place in places)
        return Counter(each for each in following if each != self._border and (allowed is None or allowed(each)))


def _common(one: str, other: str) -> int:
    """Length of the longest beginning that both have."""
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length
