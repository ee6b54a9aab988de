"""The books that a row keeps of what its runtime holds."""

from __future__ import annotations

import pytest

from mim_lsp.engine.caches import PREFILL_CHUNK, RowPair
from mim_lsp.errors import Cancelled
from mim_lsp.runtime.protocol import CancelFlag
from tests.engine.oracle import CONFIG, OracleRuntime

FORWARD = [CONFIG.special.l2r, *range(2 * PREFILL_CHUNK)]
BACKWARD = [CONFIG.special.r2l, *range(9)]


@pytest.fixture
def runtime() -> OracleRuntime:
    return OracleRuntime()


@pytest.fixture
def pair(runtime: OracleRuntime) -> RowPair:
    return RowPair(runtime)


def assert_books_are_right(pair: RowPair, runtime: OracleRuntime) -> None:
    for row in pair.both:
        assert row.ids == runtime.rows[row.handle]


def test_reading_goes_side_by_side_until_both_are_done(pair: RowPair, runtime: OracleRuntime) -> None:
    ahead, n_read = pair.read([FORWARD, BACKWARD], CancelFlag())
    assert n_read == len(FORWARD) + len(BACKWARD)
    assert [[len(feed.ids) for feed in feeds] for feeds in runtime.passes] == [
        [PREFILL_CHUNK, len(BACKWARD)],
        [PREFILL_CHUNK],
        [1],
    ]
    assert [row.ids for row in pair.both] == [FORWARD, BACKWARD]
    for log_probs, prompt in zip(ahead, (FORWARD, BACKWARD), strict=True):
        assert log_probs.tolist() == runtime.log_probs(prompt).tolist()
    assert_books_are_right(pair, runtime)


def test_only_what_changed_is_read_and_at_least_one_token(pair: RowPair, runtime: OracleRuntime) -> None:
    pair.read([FORWARD, BACKWARD], CancelFlag())
    runtime.passes.clear()
    _, n_read = pair.read([[*FORWARD[:7], 5, 6], BACKWARD], CancelFlag())
    assert n_read == 3
    assert [[list(feed.ids) for feed in feeds] for feeds in runtime.passes] == [[[5, 6], BACKWARD[-1:]]]
    assert_books_are_right(pair, runtime)


@pytest.mark.parametrize("n_passes", range(3))
def test_a_cancelled_pass_is_not_booked(pair: RowPair, runtime: OracleRuntime, n_passes: int) -> None:
    cancel = CancelFlag()
    runtime.before_pass = lambda: cancel.set() if len(runtime.passes) == n_passes else None
    with pytest.raises(Cancelled):
        pair.read([FORWARD, BACKWARD], cancel)
    assert len(pair.forward.ids) == n_passes * PREFILL_CHUNK
    assert_books_are_right(pair, runtime)
    _, n_read = pair.read([FORWARD, BACKWARD], CancelFlag())
    assert n_read == len(FORWARD) - n_passes * PREFILL_CHUNK + (len(BACKWARD) if n_passes == 0 else 1)
