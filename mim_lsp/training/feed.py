"""Makes the coming batches while this one is learned from: in a thread, or in processes of their own.

Drawing windows keeps about one core busy for every 100,000 (rows of 512) to 240,000 tokens (of 2,048) a second, so that
a GPU needs several. PyTorch's `DataLoader` returns the batches in order, whichever process made them, so that a run
learns from the same ones however many processes there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields
from typing import Any, Protocol

from torch.utils.data import DataLoader, Dataset

from mim_lsp.training.batches import Batch, Batches

BATCHES_AHEAD = 2
"""That each process keeps ready, in shared memory: containers often have but 64 MB of it."""


class Feed(Protocol):
    """The batches `first`, `first + stride`, ..., one after the other."""

    def __next__(self) -> Batch:
        """The next batch."""
        ...

    def close(self) -> None:
        """Stop making batches."""
        ...


def open_feed(source: Batches, first: int, stride: int, processes: int, *, pin: bool = False) -> Feed:
    """The feed of `source` from `first` on; without processes of its own, a thread makes the next batch.

    `pin` puts the batches where a GPU can fetch them while it computes.
    """
    if processes:
        return _ProcessFeed(source, first, stride, processes, pin=pin)
    return _ThreadFeed(source, first, stride)


class _ThreadFeed:
    def __init__(self, source: Batches, first: int, stride: int) -> None:
        self._source, self._numbers = source, itertools.count(first, stride)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        self._next: Future[Batch] = self._submit()

    def __next__(self) -> Batch:
        batch, self._next = self._next, self._submit()
        return batch.result()

    def _submit(self) -> Future[Batch]:
        return self._pool.submit(self._source.batch, next(self._numbers))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class _ProcessFeed:
    def __init__(self, source: Batches, first: int, stride: int, processes: int, *, pin: bool) -> None:
        loader: DataLoader[Any] = DataLoader(
            _ByNumber(source),
            batch_size=None,
            sampler=range(first, 2**60, stride),
            num_workers=processes,
            prefetch_factor=BATCHES_AHEAD,
            multiprocessing_context="fork",  # the texts are not copied
            collate_fn=_as_it_is,
        )
        self._batches: Iterator[Batch] = iter(loader)
        self._pin = pin

    def __next__(self) -> Batch:
        batch = next(self._batches)
        if not self._pin:
            return batch
        return Batch(**{field.name: getattr(batch, field.name).pin_memory() for field in fields(Batch)})

    def close(self) -> None:
        stop = getattr(self._batches, "_shutdown_workers", None)
        if stop is not None:
            stop()


class _ByNumber(Dataset[Batch]):
    """A source as what `DataLoader` reads."""

    def __init__(self, source: Batches) -> None:
        self._source = source

    def __getitem__(self, number: int) -> Batch:
        return self._source.batch(number)


def _as_it_is(batch: Any) -> Any:
    return batch
