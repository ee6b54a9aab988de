from __future__ import annotations

import numpy as np

from mim_lsp.engine.choice import Forced, greedy
from mim_lsp.engine.next_tokens import NextTokens
from mim_lsp.runtime.arrays import ArrayDistribution

PROBABILITIES = [0.05, 0.5, 0.15, 0.3, 0.0]
with np.errstate(divide="ignore"):
    POSSIBLE = NextTokens(ArrayDistribution(np.log(np.array(PROBABILITIES, dtype=np.float32))), 5)


def test_greedy_takes_the_most_probable_and_the_first_of_equals() -> None:
    assert greedy(POSSIBLE) == 1
    assert greedy(NextTokens(ArrayDistribution(np.zeros(3, dtype=np.float32)), 3)) == 0


def test_given_tokens_come_first_and_then_the_most_probable() -> None:
    choose = Forced([3, 0])
    assert [choose(POSSIBLE) for _ in range(4)] == [3, 0, 1, 1]
