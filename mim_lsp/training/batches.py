"""Batches of packed rows, each a pure function of the seed and the step, so that a run resumes exactly.

Shape legend: R rows, T tokens in a row, K aligned pairs.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mim_lsp.training.objective import IGNORE
from mim_lsp.training.windows import Example, ExampleBuilder


@dataclass(frozen=True)
class Batch:
    """Rows that hold several segments each; a segment is one direction's row of one example."""

    ids_RT: Tensor
    positions_RT: Tensor
    """Position of each token in its segment."""
    segments_RT: Tensor
    """Number of the segment within the row, from 1; 0 is padding."""
    targets_RT: Tensor
    """The token that each position predicts, or IGNORE."""
    backward_RT: Tensor
    """Whether the position belongs to a backward segment."""
    pairs_K2: Tensor
    """Flat positions (forward, backward) that predict the same token of the text."""
    pairs_in_middle_K: Tensor
    """Whether the pair belongs to the middle of a hole rather than to whole text."""
    may_end_RT: Tensor
    """Whether <eom> may come behind the position; see `Example.ends`."""

    @property
    def n_tokens(self) -> int:
        """How many positions predict a token."""
        return int((self.targets_RT != IGNORE).sum())


class _Place(NamedTuple):
    """Where a segment went."""

    row: int
    column: int
    number: int


def pack(examples: Sequence[Example], row_tokens: int, pad: int, rows: int | None = None) -> Batch:
    """Place both rows of every example, first fit, longest first, into rows of `row_tokens` positions.

    With `rows` there are exactly so many, and only the examples that find a place in them, the first ones first.
    """
    if rows is not None:
        examples = _fitting(examples, row_tokens, rows)
    segments = [segment for example in examples for segment in (example.forward, example.backward)]
    ends = [one for example in examples for one in example.ends or (None, None)]
    lengths = [_positions(segment) for segment in segments]
    assert max(lengths, default=0) <= row_tokens
    places, n_rows = _first_fit(lengths, row_tokens)
    ids = np.full((rows or n_rows, row_tokens), pad, dtype=np.int64)
    positions, numbers = np.zeros_like(ids), np.zeros_like(ids)
    targets = np.full_like(ids, IGNORE)
    backward, may_end = np.zeros(ids.shape, dtype=bool), np.zeros(ids.shape, dtype=bool)
    for i, (segment, length, place) in enumerate(zip(segments, lengths, places, strict=True)):
        where = (place.row, slice(place.column, place.column + length))
        ids[where], targets[where] = segment[:-1], segment[1:]
        positions[where], numbers[where] = np.arange(length), place.number
        backward[where] = i % 2 == 1
        may_end[where] = ends[i] is None
        may_end[place.row, [place.column + end for end in ends[i] or ()]] = True
    starts = [place.row * row_tokens + place.column for place in places]
    pairs = [(starts[2 * i] + f, starts[2 * i + 1] + b) for i, example in enumerate(examples) for f, b in example.pairs]
    in_middle = [example.kind != "text" for example in examples for _ in example.pairs]
    return Batch(
        ids_RT=torch.from_numpy(ids),
        positions_RT=torch.from_numpy(positions),
        segments_RT=torch.from_numpy(numbers),
        targets_RT=torch.from_numpy(targets),
        backward_RT=torch.from_numpy(backward),
        pairs_K2=torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2),
        pairs_in_middle_K=torch.tensor(in_middle, dtype=torch.bool),
        may_end_RT=torch.from_numpy(may_end),
    )


def _positions(segment: Sequence[int]) -> int:
    """How many positions a segment takes: its last token is only predicted."""
    return max(0, len(segment) - 1)


def _fitting(examples: Sequence[Example], row_tokens: int, rows: int) -> list[Example]:
    """The examples that have a place in so many rows, each beside those before it that have one."""
    fitting: list[Example] = []
    lengths: list[int] = []
    for example in examples:
        more = [*lengths, _positions(example.forward), _positions(example.backward)]
        if sum(more) <= rows * row_tokens and _first_fit(more, row_tokens)[1] <= rows:
            fitting.append(example)
            lengths = more
    return fitting


def _first_fit(lengths: Sequence[int], capacity: int) -> tuple[list[_Place], int]:
    """A place for each length, the longest placed first, and the number of rows that this takes."""
    used: list[int] = []
    counts: list[int] = []
    places: dict[int, _Place] = {}
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        row = next((r for r, n in enumerate(used) if n + lengths[i] <= capacity), len(used))
        if row == len(used):
            used.append(0)
            counts.append(0)
        counts[row] += 1
        places[i] = _Place(row, used[row], counts[row])
        used[row] += lengths[i]
    return [places[i] for i in range(len(lengths))], len(used)


class ExampleSource(Protocol):
    """Examples by their number: the same one whenever and wherever it is asked for."""

    def example(self, number: int) -> Example:
        """The example of that number, from 0; there is one for every number."""
        ...


class Batches(Protocol):
    """Batches by their number: the same one whenever and wherever it is asked for."""

    def batch(self, number: int) -> Batch:
        """The batch of that number, from 0; there is one for every number."""
        ...


class DrawnExamples:
    """Examples drawn from texts: the next places of a random order over the whole corpus, again and again."""

    def __init__(self, texts: Sequence[str], builder: ExampleBuilder, stride: int, seed: int) -> None:
        self.texts, self.builder, self.stride, self.seed = texts, builder, stride, seed
        self.anchors = [(i, at) for i, text in enumerate(texts) for at in range(0, len(text), stride)]
        self._order: tuple[int, npt.NDArray[np.int64]] | None = None

    def example(self, number: int) -> Example:
        """See `ExampleSource`."""
        epoch, place = divmod(number, len(self.anchors))
        index, anchor = self.anchors[self._order_of(epoch)[place]]
        rng = random.Random(f"{self.seed}/{number}")
        return self.builder.draw(self.texts[index], anchor, self.stride, rng, turn=number)

    def _order_of(self, epoch: int) -> npt.NDArray[np.int64]:
        """The epoch's permutation of the anchors; the last one asked for is kept."""
        order = self._order
        if order is None or order[0] != epoch:
            order = (epoch, np.random.default_rng([self.seed, epoch]).permutation(len(self.anchors)))
            self._order = order
        return order[1]


class PackedBatches:
    """Batches of so many examples each, packed into rows."""

    def __init__(
        self, source: ExampleSource, examples_per_batch: int, row_tokens: int, pad: int, rows: int | None = None
    ) -> None:
        """With `rows` every batch has exactly so many, and drops what finds no place in them."""
        self.source, self.examples_per_batch = source, examples_per_batch
        self.row_tokens, self.pad, self.rows = row_tokens, pad, rows

    def batch(self, number: int) -> Batch:
        """See `Batches`."""
        return pack(self.examples(number), self.row_tokens, self.pad, self.rows)

    def examples(self, number: int) -> list[Example]:
        """The examples that one batch is made of."""
        first = number * self.examples_per_batch
        return [self.source.example(i) for i in range(first, first + self.examples_per_batch)]


class BatchSource(PackedBatches):
    """Batches over a list of texts."""

    def __init__(
        self,
        texts: Sequence[str],
        builder: ExampleBuilder,
        examples_per_batch: int,
        stride: int,
        seed: int,
        rows: int | None = None,
    ) -> None:
        drawn = DrawnExamples(texts, builder, stride, seed)
        super().__init__(drawn, examples_per_batch, builder.settings.tokens, builder.special.pad, rows)
        self.texts, self.anchors, self.drawn = drawn.texts, drawn.anchors, drawn
