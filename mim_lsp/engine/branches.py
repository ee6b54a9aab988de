"""Where the forward side could as well have gone another way: the starts of alternatives, the likely ones first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from mim_lsp.engine.side import Side


class Branch(NamedTuple):
    """The start of a way that was not taken."""

    log_prob: float
    way: list[int]


class Branches:
    """Ways that were not taken: the tokens of a side up to a place, and then its second choice there."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, list[int]]] = []
        self._known: set[tuple[int, ...]] = set()

    def add(self, side: Side) -> None:
        """Take up the ways that branch off from what a side has written."""
        for log_prob, way in _second_choices(side):
            if tuple(way) not in self._known:
                self._known.add(tuple(way))
                heapq.heappush(self._heap, (-log_prob, way))

    def pop(self) -> Branch | None:
        """The most probable way that was not taken; None if there is none."""
        if not self._heap:
            return None
        cost, way = heapq.heappop(self._heap)
        return Branch(-cost, way)


def _second_choices(side: Side) -> Iterator[tuple[float, list[int]]]:
    """For each token that a side has written: how probable its start with the next best token is, and that start."""
    text, total = b"", 0.0
    for n, (token, place) in enumerate(zip(side.written, side.row.behind.walk(side.written), strict=False)):
        possible = side.possible(place.distribution, text, side.written[:n])
        second = possible.second_best()
        if second is not None:
            yield total + possible.log_prob(second), [*side.written[:n], second]
        total += possible.log_prob(token)
        text += side.vocabulary.token_bytes[token]
