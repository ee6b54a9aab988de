from __future__ import annotations

import threading
from multiprocessing import active_children

import pytest
import torch

from mim_lsp.training.batches import Batch, BatchSource
from mim_lsp.training.feed import open_feed
from mim_lsp.training.windows import ExampleBuilder, WindowSettings
from tests.tiny import SOURCE, tiny_config, tiny_tokenizer


def source() -> BatchSource:
    builder = ExampleBuilder(tiny_config(), tiny_tokenizer(), WindowSettings(tokens=64))
    return BatchSource([SOURCE], builder, examples_per_batch=3, stride=200, seed=1)


def assert_same(batch: Batch, expected: Batch) -> None:
    for name, tensor in vars(expected).items():
        assert torch.equal(getattr(batch, name), tensor), name


@pytest.mark.parametrize("processes", [0, 1, 2])
def test_a_feed_gives_the_batches_in_order_whoever_makes_them(processes: int) -> None:
    feed = open_feed(source(), 1, 3, processes)
    for number in (1, 4, 7, 10, 13, 16):
        assert_same(next(feed), source().batch(number))
    feed.close()
    assert not active_children()
    assert not any(thread.name.startswith("batches") for thread in threading.enumerate())


def test_the_thread_works_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    ahead = threading.Event()
    made = source().batch(0)

    def record(self: BatchSource, number: int) -> Batch:
        asked.append(number)
        if number == 7:
            ahead.set()
        return made

    monkeypatch.setattr(BatchSource, "batch", record)
    feed = open_feed(source(), 5, 2, 0)
    next(feed)
    assert ahead.wait(10)
    assert asked == [5, 7]
    feed.close()


@pytest.mark.parametrize("processes", [0, 1])
def test_an_error_in_the_source_reaches_the_loop(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: BatchSource, number: int) -> Batch:
        raise OSError("disk")

    monkeypatch.setattr(BatchSource, "batch", fail)
    feed = open_feed(source(), 0, 1, processes)
    with pytest.raises(OSError, match="disk"):
        next(feed)
    feed.close()
