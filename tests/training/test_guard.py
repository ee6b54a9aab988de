from __future__ import annotations

import math

import pytest

from mim_lsp.errors import SettingsError
from mim_lsp.training.guard import LEAST_STEPS, MOST_FAILURES, MOST_SPIKES, USUAL_STEPS, Guard


def settled(norm: float = 2.0) -> Guard:
    """A guard that has seen enough."""
    guard = Guard()
    for _ in range(LEAST_STEPS):
        assert guard.refusal(norm, 10) is None
    return guard


@pytest.mark.parametrize("norm", [math.nan, math.inf])
def test_no_number_is_always_refused(norm: float) -> None:
    guard = Guard()
    assert guard.refusal(norm, 0) == f"gradient norm is {norm}"
    assert guard.refusal(1.0, 10) is None
    assert (guard.skipped, guard.failures, guard.norms) == (1, 0, [1.0])


def test_a_run_that_only_fails_is_given_up() -> None:
    guard = Guard()
    for _ in range(MOST_FAILURES - 1):
        assert guard.refusal(math.nan, 10)
    with pytest.raises(SettingsError, match="--resume --lr-scale"):
        guard.refusal(math.nan, 10)


def test_a_spike_is_refused_once_it_is_known_what_is_usual() -> None:
    assert Guard(norms=[2.0] * (LEAST_STEPS - 1)).refusal(1000, 10) is None
    guard = settled()
    assert guard.refusal(20.0, 10) is None
    assert guard.refusal(21.0, 10) == "gradient norm 21 is 10 times the usual"
    assert guard.refusal(21.0, 0) is None
    assert guard.skipped == 1


def test_a_level_that_stays_becomes_the_usual_one() -> None:
    guard = settled()
    assert all(guard.refusal(100.0, 10) for _ in range(MOST_SPIKES))
    assert guard.refusal(100.0, 10) is None
    assert guard.norms == [100.0]


def test_only_the_last_steps_count() -> None:
    guard = Guard()
    for norm in range(3 * USUAL_STEPS):
        assert guard.refusal(1.0 + norm, 0) is None
    assert guard.norms == [1.0 + norm for norm in range(2 * USUAL_STEPS, 3 * USUAL_STEPS)]
