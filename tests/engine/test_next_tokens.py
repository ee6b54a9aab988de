from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.engine.next_tokens import NextTokens
from mim_lsp.runtime.protocol import LogProbs

EOM = 7
N_TEXT = 5


def distribution(*probabilities: float) -> LogProbs:
    return np.log(np.array(probabilities, dtype=np.float32))


def of_all(possible: NextTokens, size: int = 8) -> list[float]:
    """The log-probability of each id, -inf where it is not possible."""
    ids, log_probs = possible.spread()
    out = np.full(size, -np.inf)
    out[ids] = log_probs
    return out.tolist()


TEXT = distribution(0.1, 0.3, 0.3, 0.1, 0.1)
SOME = NextTokens(distribution(0.2, 0.5, 0.3), np.array([1, 3, 4]))
ENDING = NextTokens(TEXT, eom=EOM, eom_log_prob=np.float32(np.log(0.4)), log_total=np.float32(np.log(1.3)))


def test_the_best_is_the_most_probable_and_the_first_of_equals() -> None:
    assert NextTokens(TEXT).best() == 1
    assert SOME.best() == 3
    assert ENDING.best() == EOM
    assert NextTokens(TEXT, eom=EOM, eom_log_prob=TEXT[1]).best() == 1


def test_probabilities_are_those_given_all_that_is_possible() -> None:
    assert NextTokens(TEXT).log_prob(2) == pytest.approx(np.log(0.3), abs=1e-6)
    assert SOME.log_prob(4) == pytest.approx(np.log(0.3), abs=1e-6)
    assert ENDING.log_prob(EOM) == pytest.approx(np.log(0.4 / 1.3), abs=1e-6)
    assert ENDING.log_prob(0) == pytest.approx(np.log(0.1 / 1.3), abs=1e-6)


def test_the_spread_has_what_is_possible_and_nothing_else() -> None:
    nothing = -np.inf
    assert of_all(SOME) == pytest.approx([nothing, np.log(0.2), nothing, np.log(0.5), np.log(0.3)] + [nothing] * 3)
    assert of_all(ENDING) == pytest.approx([*(TEXT - np.log(1.3)), nothing, nothing, np.log(0.4 / 1.3)], abs=1e-6)


@given(st.lists(st.floats(-20, 0, width=32), min_size=N_TEXT, max_size=N_TEXT), st.floats(-20, 0, width=32))
def test_the_best_is_the_first_maximum_of_the_spread(log_probs: list[float], eom_log_prob: float) -> None:
    possible = NextTokens(np.array(log_probs, np.float32), eom=EOM, eom_log_prob=np.float32(eom_log_prob))
    assert possible.best() == int(np.argmax(of_all(possible)))
    assert possible.log_prob(possible.best()) == max(of_all(possible))


def test_the_distribution_is_not_written_to() -> None:
    fixed = TEXT.copy()
    fixed.setflags(write=False)
    possible = NextTokens(fixed, eom=EOM, eom_log_prob=np.float32(-1.0), log_total=np.float32(0.2))
    possible.best(), possible.log_prob(0), possible.spread()
    assert fixed.tolist() == TEXT.tolist()
