from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.evaluation.logistic import fit_logistic
from mim_lsp.evaluation.reliability import BINS, area_under_curve, quality, reliability_bins


def test_logistic_regression_finds_the_coefficients_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    x_SF = rng.standard_normal((20_000, 3))
    wanted = np.array([1.5, -0.5, 0.0])
    y_S = (rng.random(20_000) < 1 / (1 + np.exp(-(x_SF @ wanted - 1)))).astype(float)
    intercept, weights_F = fit_logistic(x_SF, y_S, ridge=1.0)
    assert intercept == pytest.approx(-1, abs=0.08)
    assert weights_F == pytest.approx(wanted, abs=0.08)


def test_a_ridge_keeps_coefficients_finite_where_the_data_can_be_separated() -> None:
    x_SF, y_S = np.array([[-1.0], [-2.0], [1.0], [2.0]]), np.array([0.0, 0.0, 1.0, 1.0])
    _, tight = fit_logistic(x_SF, y_S, ridge=10.0)
    _, loose = fit_logistic(x_SF, y_S, ridge=0.1)
    assert 0 < tight[0] < loose[0] < 10


def test_perfect_confidence() -> None:
    y_S = np.array([0.0, 1.0, 1.0, 0.0])
    measured = quality(y_S, y_S)
    assert (measured.samples, measured.right, measured.brier) == (4, 0.5, 0)
    assert (measured.expected_calibration_error, measured.auc) == (0, 1)


def test_confidence_that_is_too_high_by_a_fixed_amount() -> None:
    y_S = np.tile([1.0, 0.0, 0.0, 0.0], 50)
    measured = quality(np.full(200, 0.45), y_S)
    assert measured.expected_calibration_error == pytest.approx(0.2, abs=0.06)
    assert measured.auc == 0.5
    assert measured.brier == pytest.approx(0.25 * 0.55**2 + 0.75 * 0.45**2)


def test_bins_hold_equally_many_by_ascending_confidence() -> None:
    p_S = np.linspace(1, 0, 105)
    bins = reliability_bins(p_S, np.ones(105))
    assert len(bins) == BINS
    assert {part.samples for part in bins} == {10, 11}
    assert [part.confidence for part in bins] == sorted(part.confidence for part in bins)
    assert len(reliability_bins(p_S[:3], np.ones(3))) == 3


def test_without_both_kinds_there_is_no_area() -> None:
    assert area_under_curve(np.array([0.1, 0.9]), np.ones(2)) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_all_measures_are_between_0_and_1(pairs: list[tuple[float, bool]]) -> None:
    p_S, y_S = np.array([p for p, _ in pairs]), np.array([float(y) for _, y in pairs])
    measured = quality(p_S, y_S)
    assert 0 <= measured.brier <= 1
    assert 0 <= measured.expected_calibration_error <= 1
    assert measured.auc is None or 0 <= measured.auc <= 1
