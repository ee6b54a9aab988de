from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.confidence import (
    FILE,
    MOST_WANTED,
    Calibration,
    Weight,
    judge,
    logistic,
    read_calibration,
    threshold,
    write_calibration,
)
from mim_lsp.completion.features import FEATURES, features
from mim_lsp.completion.place import Place
from mim_lsp.errors import ModelError
from tests.completion.generations import calibration, generation, middle

FITTED = Calibration(-1.0, {"met": Weight(0.5, 0.5, 2.0), "undefined_names": Weight(0.0, 1.0, -3.0)}, 0.2)


def test_confidence_is_the_logistic_of_the_weighted_features() -> None:
    known = {"met": 1.0, "undefined_names": 0.0, "of no weight": 9.0}
    rated = judge(middle("x"), known, FITTED)
    assert rated.value == pytest.approx(logistic(-1.0 + 2.0))
    assert (rated.parts, rated.is_calibrated) == ({"met": 2.0, "undefined_names": 0.0}, True)
    assert judge(middle("x"), {**known, "undefined_names": 1.0}, FITTED).value == pytest.approx(logistic(-2.0))


def test_without_a_calibration_it_is_the_geometric_mean_halved_for_undefined_names() -> None:
    assert judge(middle("x", 0.8), {"undefined_names": 0.0}, None).value == 0.8
    rated = judge(middle("x", 0.8), {"undefined_names": 2.0}, None)
    assert (rated.value, rated.is_calibrated, rated.parts) == (pytest.approx(0.2), False, {})


@pytest.mark.parametrize(
    ("eagerness", "expected"),
    [(0.0, MOST_WANTED), (0.25, (MOST_WANTED * 0.2) ** 0.5), (0.5, 0.2), (0.75, 0.1), (1.0, 0)],
)
def test_eagerness_becomes_a_threshold(eagerness: float, expected: float) -> None:
    assert threshold(eagerness, FITTED) == pytest.approx(expected)


def test_without_a_calibration_all_is_shown_from_the_middle_on() -> None:
    assert threshold(0.5, None) == threshold(1.0, None) == 0
    assert threshold(0.0, None) == MOST_WANTED
    assert threshold(0.25, None) == MOST_WANTED / 2


@given(st.floats(-1e6, 1e6))
def test_logistic_is_a_probability(x: float) -> None:
    assert 0 <= logistic(x) <= 1
    assert logistic(x) + logistic(-x) == pytest.approx(1)


def test_a_calibration_survives_its_file(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) is None
    write_calibration(tmp_path, FITTED)
    assert read_calibration(tmp_path) == FITTED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"intercept": 1, "threshold": 0, "weights": {"met": 3}}', "\x00"])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ModelError, match=r"confidence\.json is damaged: fit it again with"):
        read_calibration(tmp_path)


def test_a_file_with_an_unknown_feature_is_a_clear_error(tmp_path: Path) -> None:
    write_calibration(tmp_path, calibration(luck=1.0))
    with pytest.raises(ModelError, match="damaged"):
        read_calibration(tmp_path)


def test_features_of_a_middle() -> None:
    made = generation(middle("ab\n"), empty_log_probs=(-5.0, -9.0))
    known = features(made.middles[0], "ab", Place("x = ", " + 1\n"), made, n_undefined=3)
    assert known["forward_mean"] == pytest.approx(-0.15)
    assert known["forward_worst"] == known["forward_end"] == -0.2
    assert known["backward_all"] == pytest.approx(-0.4)
    assert known["over_empty"] == pytest.approx(14 - 0.7)
    assert (known["empty_forward"], known["empty_backward"]) == (-5.0, -9.0)
    assert (known["met"], known["shortened"], known["text_to_the_right"], known["undefined_names"]) == (1, 1, 1, 2)
    assert json.dumps(known)


def test_features_of_a_middle_that_only_the_forward_side_knows() -> None:
    made = generation(middle("ab", backward_log_probs=(), source="forward"))
    known = features(made.middles[0], "ab", Place("x = ", "\n"), made, n_undefined=0)
    assert (known["one_sided"], known["backward_mean"], known["met"], known["text_to_the_right"]) == (1, 0, 0, 0)
    assert set(known) == set(FEATURES)
