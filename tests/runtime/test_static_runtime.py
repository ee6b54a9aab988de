from __future__ import annotations

import copy
import weakref

import numpy as np
import pytest
import torch

from mim_lsp.errors import Cancelled
from mim_lsp.runtime.protocol import CancelFlag, Feed, Runtime
from mim_lsp.runtime.torch.fused import FusedDecoder
from mim_lsp.runtime.torch.graphs import CudaGraphs, DirectCalls, Pass
from mim_lsp.runtime.torch.passes import PassSizes, Piece, StaticPasses
from mim_lsp.runtime.torch.static_cache import StaticCache, StaticRow
from mim_lsp.runtime.torch.static_runtime import StaticRuntime
from tests.runtime.recorded import Recordings
from tests.runtime.runtime_contract import RuntimeContract, step
from tests.tiny import tiny_model

SMALL = PassSizes(seats=2, tokens=(1, 2, 4, 8), few_tokens=2, context=16)
"""So small that rows of a few tokens come to every kind of pass, and to caches that grow."""
BFLOAT16_ACCURACY = 0.3
"""Of a network of 8-bit mantissas; of 160,000 log-probabilities of the tiny model the worst is off by 0.21, whichever
of the two PyTorch runtimes computes it."""


class TestStaticRuntime(RuntimeContract):
    model = tiny_model()
    accuracy = consistency = 5e-5

    def open(self) -> Runtime:
        return StaticRuntime(self.model, DirectCalls)


class TestSmallPasses(TestStaticRuntime):
    def open(self) -> Runtime:
        return StaticRuntime(self.model, DirectCalls, SMALL)


class TestRecordedPasses(TestStaticRuntime):
    def open(self) -> Runtime:
        return StaticRuntime(self.model, Recordings, SMALL)


class TestBfloat16(TestStaticRuntime):
    accuracy = consistency = BFLOAT16_ACCURACY

    def open(self) -> Runtime:
        return StaticRuntime(copy.deepcopy(self.model).to(torch.bfloat16), DirectCalls, SMALL)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
class TestCudaGraphs(TestStaticRuntime):
    accuracy = consistency = BFLOAT16_ACCURACY

    def open(self) -> Runtime:
        return StaticRuntime(copy.deepcopy(self.model).to("cuda", torch.bfloat16), CudaGraphs, SMALL)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
class TestCudaGraphsInFloat32(TestStaticRuntime):
    accuracy = consistency = 1e-3

    def open(self) -> Runtime:
        return StaticRuntime(copy.deepcopy(self.model).to("cuda"), CudaGraphs)


class Recorded:
    """A runtime whose passes are recorded, and the recordings, one for each size of its caches."""

    def __init__(self, context_length: int = 96) -> None:
        self.recordings: list[Recordings] = []
        self.runtime = StaticRuntime(tiny_model(context_length=context_length), self._new, SMALL)
        self.rows = [self.runtime.open_row(), self.runtime.open_row()]

    def _new(self) -> Recordings:
        self.recordings.append(Recordings())
        return self.recordings[-1]

    def feed_both(self, n: int) -> None:
        self.runtime.step([Feed(row, [5] * n) for row in self.rows])

    @property
    def counts(self) -> list[tuple[int, int]]:
        return [(recordings.captured, recordings.replayed) for recordings in self.recordings]


def test_a_step_of_both_directions_is_one_replay_of_one_capture() -> None:
    recorded = Recorded()
    for _ in range(16):
        recorded.feed_both(1)
    assert recorded.counts == [(1, 16)]
    recorded.runtime.step([Feed(recorded.rows[1], [5])])  # the 17th token: twice as many positions to look at
    recorded.runtime.step([Feed(recorded.rows[0], [5])])
    assert recorded.counts == [(2, 18)]


def test_more_tokens_are_another_capture_and_very_many_are_several_passes() -> None:
    recorded = Recorded()
    for n in (3, 4, 4):
        recorded.feed_both(n)
    assert recorded.counts == [(1, 3)]
    recorded.feed_both(8 + 8 + 1)
    assert recorded.counts == [(1 + 2, 3 + 3)]  # twice 8 tokens that see 32 positions, then 1 token


def test_more_rows_than_seats_are_several_passes() -> None:
    recorded = Recorded()
    third = recorded.runtime.open_row()
    recorded.runtime.step([Feed(row, [5]) for row in (*recorded.rows, third)])
    assert recorded.counts == [(1, 2)]


def test_caches_that_grow_are_captured_anew() -> None:
    recorded = Recorded(context_length=16)
    recorded.feed_both(8)
    recorded.feed_both(8)
    recorded.feed_both(1)
    recorded.feed_both(1)
    assert recorded.counts == [(1, 2), (1, 2)]


def test_a_cancellation_between_the_passes_of_a_step_leaves_the_rows_as_they_were() -> None:
    cancel, passes = CancelFlag(), 0

    def cancel_in_third(run: Pass) -> Pass:
        def counted() -> torch.Tensor:
            nonlocal passes
            passes += 1
            if passes == 3:
                cancel.set()
            return run()

        return counted

    runtime = StaticRuntime(tiny_model(), lambda: cancel_in_third, SMALL)
    rows = [runtime.open_row() for _ in range(3)]
    runtime.step([Feed(row, [1, 2]) for row in rows[:2]])
    with pytest.raises(Cancelled):
        runtime.step([Feed(row, [7] * 20) for row in rows], cancel)
    assert passes == 3
    found = step(runtime, [Feed(row, [3]) for row in rows])
    fresh = StaticRuntime(tiny_model(), DirectCalls)
    for log_probs, text in zip(found, ([1, 2, 3], [1, 2, 3], [3]), strict=True):
        (wanted,) = step(fresh, [Feed(fresh.open_row(), text)])
        np.testing.assert_allclose(log_probs, wanted, rtol=0, atol=5e-5)


def test_a_documents_rows_go_and_come_back() -> None:
    runtime = StaticRuntime(tiny_model(), DirectCalls, SMALL)
    pairs = [[runtime.open_row(), runtime.open_row()] for _ in range(3)]
    texts = [[[i, 5, 9], [6, i, 8]] for i in range(3)]
    for pair, rows_texts in zip(pairs, texts, strict=True):
        runtime.step([Feed(row, text) for row, text in zip(pair, rows_texts, strict=True)])
    runtime.close_row(pairs[2].pop())
    runtime.truncate(pairs[1][0], 1)  # while it is parked
    texts[1][0] = texts[1][0][:1]
    fresh = StaticRuntime(tiny_model(), DirectCalls)
    for pair, rows_texts in zip(pairs, texts, strict=True):
        for row, text in zip(pair, rows_texts, strict=False):
            (found,) = step(runtime, [Feed(row, [4])])
            (wanted,) = step(fresh, [Feed(fresh.open_row(), [*text, 4])])
            np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-5)


def test_short_rows_look_at_few_positions() -> None:
    network = FusedDecoder(tiny_model())
    passes = StaticPasses(network, SMALL, 64, DirectCalls())
    row, ids = StaticRow(), [1, 2, 3]
    with torch.inference_mode():
        passes.cache.seat([row])
        for layer in range(network.config.n_layers):
            for held in passes.cache.read(layer, 64):
                held[:, SMALL.context :] = torch.nan
        (found,) = passes.run([Piece(row, ids, 3)])
    assert np.isfinite(found).all()


def test_a_closed_row_leaves_nothing_behind() -> None:
    cache, row = StaticCache(tiny_model().config, 2, 16, like=torch.zeros(1)), StaticRow()
    cache.seat([row])
    gone = weakref.ref(row)
    cache.forget(row)
    del row
    assert gone() is None


@pytest.mark.parametrize(("n", "tokens"), [(1, 1), (2, 2), (3, 4), (8, 8), (17, 64), (256, 256)])
def test_tokens_are_rounded_up(n: int, tokens: int) -> None:
    assert PassSizes().round_tokens(n) == tokens


@pytest.mark.parametrize(("n", "positions"), [(1, 256), (256, 256), (257, 512), (1025, 2048), (5000, 8192)])
def test_positions_are_rounded_up_to_powers_of_two(n: int, positions: int) -> None:
    assert PassSizes().round_context(n) == positions


def test_the_recordings_see_what_graphs_cannot_hold() -> None:
    x = torch.ones(3)
    with pytest.raises(AssertionError, match="would not be captured"):
        Recordings()(lambda: x * x.sum().item())


def test_the_recordings_keep_python_values_as_graphs_do() -> None:
    x, factor = torch.ones(3), 2.0
    replay = Recordings()(lambda: x * factor)
    x += 1
    factor = 5.0
    assert replay().tolist() == [4.0] * 3
