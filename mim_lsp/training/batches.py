"""Batches of packed rows, each a pure function of the seed and the step, so that a run resumes exactly.

Shape legend: R rows, T tokens in a row, K aligned pairs.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

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

    @property
    def n_tokens(self) -> int:
        """How many positions predict a token."""
        return int((self.targets_RT != IGNORE).sum())


class _Place(NamedTuple):
    """Where a segment went."""

    row: int
    column: int
    number: int


def pack(examples: Sequence[Example], row_tokens: int, pad: int) -> Batch:
    """Place both rows of every example, first fit, longest first, into rows of `row_tokens` positions."""
    segments = [segment for example in examples for segment in (example.forward, example.backward)]
    lengths = [max(0, len(segment) - 1) for segment in segments]  # the last token is only predicted
    assert max(lengths) <= row_tokens
    places, n_rows = _first_fit(lengths, row_tokens)
    ids = np.full((n_rows, row_tokens), pad, dtype=np.int64)
    positions, numbers = np.zeros_like(ids), np.zeros_like(ids)
    targets = np.full_like(ids, IGNORE)
    backward = np.zeros(ids.shape, dtype=bool)
    for i, (segment, length, place) in enumerate(zip(segments, lengths, places, strict=True)):
        where = (place.row, slice(place.column, place.column + length))
        ids[where], targets[where] = segment[:-1], segment[1:]
        positions[where], numbers[where] = np.arange(length), place.number
        backward[where] = i % 2 == 1
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
    )


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


class BatchSource:
    """Batches over a list of texts; `batch(step)` is the same whenever and wherever it is asked."""

    def __init__(
        self, texts: Sequence[str], builder: ExampleBuilder, examples_per_batch: int, stride: int, seed: int
    ) -> None:
        self.texts, self.builder, self.seed = texts, builder, seed
        self.examples_per_batch, self.stride = examples_per_batch, stride
        self.anchors = [(i, at) for i, text in enumerate(texts) for at in range(0, len(text), stride)]
        self._order: tuple[int, npt.NDArray[np.int64]] | None = None

    def batch(self, step: int) -> Batch:
        """The batch of one step."""
        return pack(self.examples(step), self.builder.settings.tokens, self.builder.special.pad)

    def examples(self, step: int) -> list[Example]:
        """The examples of one step: the next places of a random order over the whole corpus, again and again."""
        first = step * self.examples_per_batch
        return [self._example(number) for number in range(first, first + self.examples_per_batch)]

    def _example(self, number: int) -> Example:
        epoch, place = divmod(number, len(self.anchors))
        index, anchor = self.anchors[self._order_of(epoch)[place]]
        return self.builder.draw(self.texts[index], anchor, self.stride, random.Random(f"{self.seed}/{number}"))

    def _order_of(self, epoch: int) -> npt.NDArray[np.int64]:
        """The epoch's permutation of the anchors; the last one asked for is kept."""
        order = self._order
        if order is None or order[0] != epoch:
            order = (epoch, np.random.default_rng([self.seed, epoch]).permutation(len(self.anchors)))
            self._order = order
        return order[1]


class Prefetcher:
    """Makes the next step's batch in another thread while this step's is learned from."""

    def __init__(self, source: BatchSource, stride: int = 1) -> None:
        self._source, self._stride = source, stride
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        self._next: tuple[int, Future[Batch]] | None = None

    def batch(self, step: int) -> Batch:
        """The batch of `step`; asking for every `stride`-th in order costs no waiting."""
        if self._next is None or self._next[0] != step:
            self._next = (step, self._pool.submit(self._source.batch, step))
        batch = self._next[1].result()
        following = step + self._stride
        self._next = (following, self._pool.submit(self._source.batch, following))
        return batch

    def close(self) -> None:
        """Stop the thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)
