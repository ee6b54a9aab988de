"""Where the forward side could as well have gone another way: the starts of alternatives, the likely ones first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice
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

    def add(self, side: Side, start: int = 0) -> None:
        """Take up the ways that branch off from what a side has written, from its token `start` on."""
        for log_prob, way in _second_choices(side, start):
            heapq.heappush(self._heap, (-log_prob, way))

    def pop(self) -> Branch | None:
        """The most probable way that was not taken; None if there is none."""
        if not self._heap:
            return None
        cost, way = heapq.heappop(self._heap)
        return Branch(-cost, way)


def _second_choices(side: Side, start: int) -> Iterator[tuple[float, list[int]]]:
    """For each token that a side has written: how probable its start with the next best token is, and that start."""
    text, total = side.vocabulary.bytes_of(side.written[:start]), sum(side.log_probs[:start])
    places = islice(side.row.behind.walk(side.written), start, None)
    written = list(zip(side.written, side.log_probs, strict=False))[start:]
    for n, ((token, log_prob), place) in enumerate(zip(written, places, strict=False), start):
        possible = side.possible(place.distribution, text, side.written[:n])
        second = possible.second_best()
        if second is not None:
            yield total + possible.log_prob(second), [*side.written[:n], second]
        total += log_prob
        text += side.vocabulary.token_bytes[token]
