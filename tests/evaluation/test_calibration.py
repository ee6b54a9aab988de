"""Fitting the confidence: what is collected, what is fitted, and what is reported of it."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from mim_lsp.completion.features import FEATURES
from mim_lsp.completion.offer import make_offer
from mim_lsp.completion.types import CompletionOptions, CompletionResult
from mim_lsp.errors import SettingsError
from mim_lsp.evaluation.calibration import Sample, calibrate, collect, cross_validated, fit, package_of
from mim_lsp.evaluation.confidence_plots import save_plots
from mim_lsp.evaluation.show_curve import Shown, default_threshold, show_curve, shown_at
from mim_lsp.evaluation.tasks import InfillingTask
from tests.completion.generations import generation
from tests.evaluation.fakes import Call, ScriptedCompleter


def samples(n: int = 400, seed: int = 0) -> list[Sample]:
    """Samples of three packages: what the forward side finds probable is right more often."""
    rng = random.Random(seed)
    made = []
    for number in range(n):
        mean, is_complete = rng.uniform(-3, 0), number % 4 == 0
        known = {**dict.fromkeys(FEATURES, 0.0), "forward_mean": mean, "met": float(mean > -1)}
        is_right = not is_complete and rng.random() < (0.9 if mean > -1 else 0.1)
        features = None if number % 10 == 9 else known
        package = ("a", "b", "c")[number % 3]
        made.append(Sample(str(number), package, is_complete, features, 0.5, is_right and features is not None))
    return made


def test_right_ones_get_more_confidence_on_packages_that_were_not_seen() -> None:
    made = samples()
    calibration, report = calibrate(made, "m")
    assert report.calibrated.auc is not None
    assert report.calibrated.auc > 0.7 > (report.uncalibrated.auc or 0)
    assert report.calibrated.brier < report.uncalibrated.brier
    assert set(report.by_package) == {"a", "b", "c"}
    assert sum(part.samples for part in report.by_package.values()) == report.calibrated.samples
    assert calibration.weights["forward_mean"].coefficient > 0
    assert calibration.threshold == report.threshold
    assert json.dumps(asdict(report))
    assert report.table().row_count == 5


def test_a_package_is_judged_without_what_it_says_itself() -> None:
    made = samples()
    lying = [replace(sample, is_right=not sample.is_right) if sample.package == "a" else sample for sample in made]
    honest_p, lying_p = cross_validated(made), cross_validated(lying)
    for sample, honest, lied in zip(made, honest_p, lying_p, strict=True):
        assert (honest == lied) == (sample.package == "a" or sample.features is None)


@pytest.mark.parametrize("n_right", [0, 9, 40])
def test_too_little_to_fit_is_refused(n_right: int) -> None:
    known = dict.fromkeys(FEATURES, 0.0)
    made = [Sample("t", "p", False, known, 0.5, number < n_right) for number in range(40)]
    with pytest.raises(SettingsError, match="nothing to fit a confidence to; give more tasks"):
        fit(made)


def test_one_package_is_not_enough() -> None:
    with pytest.raises(SettingsError, match="one package"):
        calibrate([replace(sample, package="a") for sample in samples()], "m")


def test_features_that_never_change_do_no_harm() -> None:
    assert fit(samples()).weights["backward_mean"].scale == 1
    assert fit(samples()).weights["backward_mean"].coefficient == pytest.approx(0)


def test_what_a_threshold_shows() -> None:
    made = [
        Sample("1", "p", False, {}, 0.0, True),
        Sample("2", "p", False, {}, 0.0, False),
        Sample("3", "p", True, {}, 0.0, False),
        Sample("4", "p", True, None, 0.0, False),
    ]
    p_S = np.array([0.8, 0.4, 0.3, 0.0])
    assert shown_at(0.0, made, p_S) == Shown(0.0, 1.0, pytest.approx(1 / 3), 1.0, 0.5)
    assert shown_at(0.35, made, p_S) == Shown(0.35, 1.0, 0.5, 1.0, 0.0)
    assert shown_at(0.9, made, p_S) == Shown(0.9, 0.0, None, 0.0, 0.0)
    assert default_threshold(show_curve(made, p_S)) == 0.8


def test_collect_asks_without_regard_to_confidence() -> None:
    def answer(call: Call) -> CompletionResult:
        offer = make_offer(generation("1"), call.text, call.offset, call.options)
        return CompletionResult(offer.candidates, offer.reason, explanation=offer.explanation)

    tasks = [
        InfillingTask("line/p/a.py:1", "x = ", "\n", "1"),
        InfillingTask("line/p/a.py:2", "x = ", "\n", "2"),
        InfillingTask("complete/q/a.py:3", "x = ", "\n", ""),
    ]
    completer = ScriptedCompleter(answer)
    made = collect(completer, tasks, CompletionOptions(eagerness=0.0, end_bias=2.0))
    assert {call.options for call in completer.calls} == {CompletionOptions(eagerness=1.0, end_bias=2.0)}
    assert [(s.package, s.is_right, s.is_complete) for s in made] == [
        ("p", True, False),
        ("p", False, False),
        ("q", False, True),
    ]
    assert all(s.features is not None and s.uncalibrated == 0.8 for s in made)


def test_packages_are_read_from_the_tasks_names() -> None:
    assert package_of(InfillingTask("line/networkx/a/b.py:1:2+3", "", "", "")) == "networkx"
    assert package_of(InfillingTask("HumanEval/0", "", "", "")) == "HumanEval"


def test_plots_are_written(tmp_path: Path) -> None:
    paths = save_plots(calibrate(samples(), "m")[1], tmp_path / "new")
    assert [path.name for path in paths] == ["reliability.png", "eagerness.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
