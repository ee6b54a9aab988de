from __future__ import annotations

import math
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.engine.memory import NOTHING, Recalled
from mim_lsp.engine.next_tokens import NextTokens
from mim_lsp.runtime.arrays import ArrayDistribution

EOM = 7
N_TEXT = 5
PROBABILITIES = [0.1, 0.3, 0.3, 0.1, 0.1, 0.05, 0.0, 0.05]


def distribution(*probabilities: float) -> ArrayDistribution:
    with np.errstate(divide="ignore"):
        return ArrayDistribution(np.log(np.array(probabilities, dtype=np.float32)))


ALL = distribution(*PROBABILITIES)
SOME = NextTokens.among(distribution(0.1, 0.1, 0.05, 0.25, 0.15, 0.15, 0.1, 0.1), array("i", [1, 3, 4]))
ENDING = NextTokens.with_end(ALL, N_TEXT, EOM, math.log(8))


def test_the_best_is_the_most_probable_and_the_first_of_equals() -> None:
    assert NextTokens(ALL, N_TEXT).best() == 1
    assert SOME.best() == 3
    assert ENDING.best() == EOM
    assert NextTokens.with_end(distribution(0.25, 0.25, 0.5), 2, 2, math.log(0.49)).best() == 0


def test_the_second_best_is_the_best_of_the_others() -> None:
    assert NextTokens(ALL, N_TEXT).second_best() == 2
    assert SOME.second_best() == 4
    assert ENDING.second_best() == 1
    assert NextTokens.with_end(ALL, N_TEXT, EOM, math.log(5)).second_best() == 2  # <eom> has 0.25 of 1.2
    assert NextTokens.with_end(distribution(0.6, 0.1, 0.3), 2, 2, 0.0).second_best() == 2


def test_a_single_token_has_no_second_best() -> None:
    assert NextTokens(distribution(1.0, 0.0, 0.0), 3).second_best() is None
    assert NextTokens(distribution(0.5, 0.5), 1).second_best() is None
    assert NextTokens.among(ALL, array("i", [3])).second_best() is None


def test_probabilities_are_those_given_all_that_is_possible() -> None:
    assert NextTokens(ALL, N_TEXT).log_prob(2) == pytest.approx(math.log(0.3), abs=1e-6)
    assert SOME.log_prob(4) == pytest.approx(math.log(0.3), abs=1e-6)
    assert sum(math.exp(SOME.log_prob(token)) for token in (1, 3, 4)) == pytest.approx(1)


def test_the_bias_is_added_to_the_log_odds_of_the_end() -> None:
    assert ENDING.log_prob(EOM) == pytest.approx(math.log(0.4 / 1.35), abs=1e-6)
    assert ENDING.log_prob(0) == pytest.approx(math.log(0.1 / 1.35), abs=1e-6)
    for bias in (-20.0, -1.0, 0.0, 20.0):
        biased = NextTokens.with_end(ALL, N_TEXT, EOM, bias)
        p = math.exp(biased.log_prob(EOM))
        assert math.log(p / (1 - p)) == pytest.approx(math.log(0.05 / 0.95) + bias, abs=1e-4)


def test_without_an_end_the_others_share_its_probability() -> None:
    ending = NextTokens.without_end(ALL, N_TEXT, EOM)
    assert sum(math.exp(ending.log_prob(token)) for token in range(N_TEXT)) == pytest.approx(0.9 / 0.95, abs=1e-6)
    assert (ending.best(), ending.second_best()) == (1, 2)
    assert ending.certainty == pytest.approx(math.exp(ending.log_prob(1)))


def test_an_end_that_is_certain_may_be_left_out() -> None:
    sure = ArrayDistribution(np.array([-30.0, 1e-7], dtype=np.float32))
    assert math.isfinite(NextTokens.without_end(sure, 1, 1).log_prob(0))


def test_an_end_that_is_certain_may_be_made_unlikely() -> None:
    """Rounded, its probability may be a bit more than one."""
    sure = ArrayDistribution(np.array([-30.0, 1e-7], dtype=np.float32))
    assert NextTokens.with_end(sure, 1, 1, -20.0).log_prob(1) == pytest.approx(0, abs=1e-3)


LOG_PROBS = st.lists(st.floats(-20, 0, width=32), min_size=N_TEXT + 1, max_size=N_TEXT + 1)
RECALLED = st.builds(
    Recalled, st.floats(0.01, 1), st.dictionaries(st.integers(0, N_TEXT - 1), st.floats(0.001, 0.9), max_size=3)
)


@given(LOG_PROBS, st.floats(-5, 5, width=32), st.one_of(st.just(NOTHING), RECALLED))
def test_the_best_has_the_largest_probability_and_the_second_the_next(
    log_probs: list[float], bias: float, recalled: Recalled
) -> None:
    network = NextTokens.with_end(ArrayDistribution(np.array(log_probs, np.float32)), N_TEXT, N_TEXT, bias)
    possible = network.mixed_with(recalled)
    of_all = [possible.log_prob(token) for token in range(N_TEXT + 1)]
    best, second = possible.best(), possible.second_best()
    assert of_all[best] == max(of_all)
    assert second is not None
    assert possible.log_prob(second) == max(of_all[:best] + of_all[best + 1 :])


def test_a_memory_is_mixed_in() -> None:
    possible = NextTokens(ALL, N_TEXT).mixed_with(Recalled(0.5, {3: 0.5}))
    assert (possible.best(), possible.second_best()) == (3, 1)
    assert possible.log_prob(3) == pytest.approx(math.log(0.5 * 0.1 + 0.5), abs=1e-6)
    assert possible.log_prob(1) == pytest.approx(math.log(0.5 * 0.3), abs=1e-6)
    some = SOME.mixed_with(Recalled(0.5, {4: 0.5}))
    assert (some.best(), some.second_best()) == (4, 3)
    assert some.log_prob(4) == pytest.approx(math.log(0.5 * 0.3 + 0.5), abs=1e-6)


def test_a_memory_leaves_the_end_as_it_is() -> None:
    mixed = ENDING.mixed_with(Recalled(0.5, {3: 0.5}))
    assert mixed.log_prob(EOM) == ENDING.log_prob(EOM)
    p_end = 0.4 / 1.35
    assert math.exp(mixed.log_prob(3)) == pytest.approx(0.5 * 0.1 / 1.35 + 0.5 * (1 - p_end), abs=1e-6)


def test_certainty_is_the_largest_probability_of_a_text_token() -> None:
    assert NextTokens(ALL, N_TEXT).certainty == pytest.approx(0.3)
    assert SOME.certainty == pytest.approx(0.5)
    assert ENDING.certainty == pytest.approx(0.3 / 0.95)
