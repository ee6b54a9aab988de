from __future__ import annotations

import numpy as np
import pytest

from mim_lsp.engine.choice import Nucleus, greedy
from mim_lsp.engine.next_tokens import NextTokens

PROBABILITIES = [0.05, 0.5, 0.15, 0.3, 0.0]
with np.errstate(divide="ignore"):
    POSSIBLE = NextTokens(np.log(np.array(PROBABILITIES, dtype=np.float32)))


def draws(choose: Nucleus, n: int = 2000) -> np.ndarray:
    return np.bincount([choose(POSSIBLE) for _ in range(n)], minlength=5) / n


def test_greedy_takes_the_most_probable_and_the_first_of_equals() -> None:
    assert greedy(POSSIBLE) == 1
    assert greedy(NextTokens(np.zeros(3, dtype=np.float32))) == 0


def test_at_temperature_one_tokens_come_as_often_as_they_are_probable() -> None:
    np.testing.assert_allclose(draws(Nucleus(1.0, 1.0, seed=1)), PROBABILITIES, atol=0.04)


def test_a_low_temperature_sharpens() -> None:
    squared = np.square(PROBABILITIES) / np.square(PROBABILITIES).sum()
    np.testing.assert_allclose(draws(Nucleus(0.5, 1.0, seed=1)), squared, atol=0.04)
    assert draws(Nucleus(0.0, 1.0, seed=1))[1] == 1.0


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.01, {1}), (0.49, {1}), (0.6, {1, 3}), (0.9, {1, 2, 3}), (1.0, {0, 1, 2, 3})]
)
def test_only_the_fewest_tokens_that_hold_top_p_are_drawn(top_p: float, kept: set[int]) -> None:
    assert set(np.flatnonzero(draws(Nucleus(1.0, top_p, seed=2)))) == kept


def test_a_seed_gives_the_same_draws() -> None:
    def first(seed: int) -> list[int]:
        choose = Nucleus(1.0, 1.0, seed)
        return [choose(POSSIBLE) for _ in range(20)]

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_only_likely_tokens_are_looked_at_and_the_draws_are_those_of_the_whole_distribution() -> None:
    rng = np.random.default_rng(0)
    log_probs = np.log(rng.dirichlet(np.full(2000, 0.02))).astype(np.float32)
    choose, reference = Nucleus(0.7, 0.9, seed=5), np.random.default_rng(5)
    order = np.argsort(-log_probs, kind="stable")
    p = np.exp(log_probs[order].astype(np.float64) / 0.7)
    p /= p.sum()
    kept = int(np.searchsorted(np.cumsum(p), 0.9)) + 1
    wanted = [int(reference.choice(order[:kept], p=p[:kept] / p[:kept].sum())) for _ in range(50)]
    assert [choose(NextTokens(log_probs)) for _ in range(50)] == wanted
