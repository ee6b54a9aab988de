"""Where the prefix starts and where the suffix ends, so that they fit a budget of tokens.

The choice has no memory and yet stays put while a person types, since it rests only on what typing leaves alone: each
side is measured from its edge of the document (the prefix from the start, the suffix from the end) in blocks, a block
has one cut, and the cut farthest from the cursor that fits is taken. So a cut moves about once in a block of typing.
Every cut lies right before a line break, where no token spans it: token counts of the pieces add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

CHARS_PER_TOKEN = 8
"""Characters looked at for each token of a budget: code has 3 or 4, and blanks count too."""
MID_LINE_STEPS = 2
"""Cuts in a block of a line that is longer than the budget."""


class Cut(NamedTuple):
    """A place to cut, and how many tokens lie between it and the cursor."""

    offset: int
    tokens: int


@dataclass(frozen=True)
class Side:
    """The text between the cursor and one edge of the document, of which `budget` tokens are wanted."""

    text: str
    cursor: int
    edge: int
    """0 for the prefix, len(text) for the suffix."""
    budget: int

    @property
    def block(self) -> int:
        """Characters in a block: about an eighth of what the budget holds, so that little of it is left unused."""
        return max(1, self.budget // 2)

    @property
    def reach(self) -> int:
        """The offset beyond which no cut is looked for: whole blocks, so that it does not follow the cursor."""
        return self._at(self._whole_blocks(abs(self.cursor - self.edge) - CHARS_PER_TOKEN * self.budget))

    @property
    def settled(self) -> int:
        """The line break nearest to the cursor that is not in the cursor's block; `reach` if there is none.

        What lies between it and the edge does not change while a person types.
        """
        block_edge = self._at(self._whole_blocks(abs(self.cursor - self.edge)))
        if self.edge:
            found = self.text.find("\n", block_edge, self.reach)
        else:
            found = self.text.rfind("\n", self.reach, block_edge)
        return self.reach if found < 0 else found

    def cuts(self, statement_starts: Iterable[int], count_tokens: Callable[[str], int]) -> list[Cut]:
        """The cuts that fit the budget, farthest from the cursor first; never empty.

        `statement_starts` are lines' starts that are preferred to others. A line is cut only where no line fits.
        """
        preferred = (self._distance(start - 1) for start in statement_starts if self._is_within(start - 1))
        distances = self._one_in_a_block(preferred)
        fitting = self._fitting(distances, count_tokens) or self._fitting(self._mid_line(), count_tokens)
        return fitting[::-1] or [Cut(self.cursor, 0)]

    def _one_in_a_block(self, preferred: Iterable[int]) -> list[int]:
        """Distances of the cuts between lines, ascending: one in a block, the nearest to the cursor, and the edge."""
        lines = sorted(map(self._distance, self._line_breaks()))
        firsts: dict[int, int] = {}
        for distance in [*sorted(preferred), *lines]:
            firsts.setdefault(distance // self.block, distance)
        at_edge = [0] if self.reach == self.edge else []
        return sorted({*firsts.values(), *lines[-1:], *at_edge})

    def _mid_line(self) -> Iterable[int]:
        """Distances at which a line may be cut, ascending."""
        step = max(1, self.block // MID_LINE_STEPS)
        return range(self._distance(self.reach), abs(self.cursor - self.edge), step)

    def _fitting(self, distances: Iterable[int], count_tokens: Callable[[str], int]) -> list[Cut]:
        """The cuts at `distances` from the edge that fit, nearest to the cursor first."""
        cuts: list[Cut] = []
        nearer, tokens = self.cursor, 0
        for offset in map(self._at, reversed([*distances])):
            tokens += count_tokens(self.text[min(offset, nearer) : max(offset, nearer)])
            if tokens > self.budget:
                break
            cuts.append(Cut(offset, tokens))
            nearer = offset
        return cuts

    def _line_breaks(self) -> Iterator[int]:
        """The offsets of the line breaks between the cursor and the reach, except one right at the cursor."""
        start, end = sorted((self.cursor, self.reach))
        offset = self.text.find("\n", start, end)
        while offset >= 0:
            if offset != self.cursor:
                yield offset
            offset = self.text.find("\n", offset + 1, end)

    def _is_within(self, offset: int) -> bool:
        start, end = sorted((self.cursor, self.reach))
        return start <= offset < end and offset != self.cursor

    def _whole_blocks(self, distance: int) -> int:
        return max(0, distance) // self.block * self.block

    def _distance(self, offset: int) -> int:
        """How far `offset` is from the edge."""
        return abs(offset - self.edge)

    def _at(self, distance: int) -> int:
        """The offset at `distance` from the edge."""
        return self.edge - distance if self.edge else distance
