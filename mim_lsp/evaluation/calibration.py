"""`mim-lsp calibrate`: fits the confidence of a model to what its suggestions are worth on held-out packages.

The coefficients that are written come from all tasks. The numbers that are reported do not: each package is judged by
coefficients that were fitted on the other packages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.table import Table

from mim_lsp.completion.confidence import Calibration, Weight
from mim_lsp.completion.types import Completer, CompletionOptions
from mim_lsp.errors import SettingsError
from mim_lsp.evaluation.logistic import Floats, fit_logistic
from mim_lsp.evaluation.metrics import exact_match
from mim_lsp.evaluation.reliability import Bin, Quality, quality, reliability_bins
from mim_lsp.evaluation.show_curve import Shown, default_threshold, show_curve
from mim_lsp.evaluation.tasks import InfillingTask

RIDGE = 10.0
"""With few right suggestions to learn from, coefficients are kept small."""
MIN_RIGHT = 10
"""Fewer right suggestions than this are too few to fit anything to."""


@dataclass(frozen=True)
class Sample:
    """One task, and what was suggested for it without regard to confidence."""

    task_id: str
    package: str
    is_complete: bool
    """Whether nothing is missing at the cursor, so that any suggestion is wrong."""
    features: dict[str, float] | None
    """None where nothing was suggested."""
    uncalibrated: float
    """The geometric mean of the tokens' probabilities; 0 where nothing was suggested."""
    is_right: bool


@dataclass(frozen=True)
class CalibrationReport:
    """What the confidence is worth, by package, and what each threshold shows."""

    model: str
    calibrated: Quality
    uncalibrated: Quality
    """Of the geometric mean, which a model without a calibration has."""
    by_package: dict[str, Quality]
    bins: list[Bin]
    curve: list[Shown]
    threshold: float
    """What is asked for at eagerness 0.5."""

    def table(self) -> Table:
        """The report for people."""
        table = Table(title=f"confidence of {self.model}, each package judged by the others' coefficients")
        for name in ("", "suggestions", "right", "Brier score", "calibration error", "AUC"):
            table.add_column(name)
        rows = {"geometric mean": self.uncalibrated, "calibrated": self.calibrated, **self.by_package}
        for name, part in rows.items():
            auc = "-" if part.auc is None else f"{part.auc:.3f}"
            error = f"{part.expected_calibration_error:.3f}"
            table.add_row(name, str(part.samples), f"{part.right:.1%}", f"{part.brier:.4f}", error, auc)
        return table


def collect(
    completer: Completer,
    tasks: Sequence[InfillingTask],
    options: CompletionOptions,
    *,
    progress: Callable[[], None] = lambda: None,
) -> list[Sample]:
    """What the completer suggests for each task, whatever its confidence."""
    samples = []
    for task in tasks:
        samples.append(_sample(completer, task, replace(options, eagerness=1.0)))
        progress()
    return samples


def _sample(completer: Completer, task: InfillingTask, options: CompletionOptions) -> Sample:
    answer = completer.complete(task.prompt + task.suffix, len(task.prompt), replace(options, elsewhere=task.elsewhere))
    trails = answer.explanation.trails if answer.explanation is not None else ()
    trail = next((trail for trail in trails if trail.dropped is None), None)
    is_complete = not task.canonical_solution
    is_right = trail is not None and not is_complete and exact_match(trail.text, task.canonical_solution)
    return Sample(
        task_id=task.task_id,
        package=package_of(task),
        is_complete=is_complete,
        features=dict(trail.features) if trail is not None else None,
        uncalibrated=trail.geometric_mean if trail is not None else 0.0,
        is_right=is_right,
    )


def package_of(task: InfillingTask) -> str:
    """The package that a task was drawn from, as `mim-lsp corpus tasks` names it; else the task's first name."""
    parts = task.task_id.split("/")
    return parts[1] if len(parts) > 2 else parts[0]


def fit(samples: Sequence[Sample]) -> Calibration:
    """The coefficients that fit the samples that have a suggestion; its threshold is 0.

    Raises:
        SettingsError: too few of them are right, or all are.
    """
    offered = [sample for sample in samples if sample.features is not None]
    right = sum(sample.is_right for sample in offered)
    if not MIN_RIGHT <= right < len(offered):
        raise SettingsError(
            f"{right} of {len(offered)} suggestions are right, which is nothing to fit a confidence to; give more tasks"
        )
    names = sorted(offered[0].features or {})
    x_SF = np.array([[(sample.features or {})[name] for name in names] for sample in offered])
    mean_F, scale_F = x_SF.mean(0), x_SF.std(0)
    scale_F[scale_F < 1e-9] = 1.0
    y_S = np.array([float(sample.is_right) for sample in offered])
    intercept, weights_F = fit_logistic((x_SF - mean_F) / scale_F, y_S, RIDGE)
    weights = {
        name: Weight(round(float(mean), 5), round(float(scale), 5), round(float(weight), 5))
        for name, mean, scale, weight in zip(names, mean_F, scale_F, weights_F, strict=True)
    }
    return Calibration(round(intercept, 5), weights, 0.0)


def calibrate(samples: Sequence[Sample], model: str) -> tuple[Calibration, CalibrationReport]:
    """Fit the samples, and report on each package what the others' coefficients are worth.

    Raises:
        SettingsError: there are too few suggestions, or only one package.
    """
    p_S = cross_validated(samples)
    curve = show_curve(samples, p_S)
    threshold = default_threshold(curve)
    fitted = fit(samples)
    calibration = Calibration(fitted.intercept, fitted.weights, threshold)
    offered_S = np.array([sample.features is not None for sample in samples])
    y_S = np.array([float(sample.is_right) for sample in samples])
    plain_S = np.array([sample.uncalibrated for sample in samples])
    packages = sorted({sample.package for sample in samples})
    of = {name: offered_S & np.array([sample.package == name for sample in samples]) for name in packages}
    report = CalibrationReport(
        model=model,
        calibrated=quality(p_S[offered_S], y_S[offered_S]),
        uncalibrated=quality(plain_S[offered_S], y_S[offered_S]),
        by_package={name: quality(p_S[mask], y_S[mask]) for name, mask in of.items() if mask.any()},
        bins=reliability_bins(p_S[offered_S], y_S[offered_S]),
        curve=curve,
        threshold=threshold,
    )
    return calibration, report


def cross_validated(samples: Sequence[Sample]) -> Floats:
    """The confidence in each sample by coefficients that were fitted on the other packages; 0 without a suggestion."""
    packages = {sample.package for sample in samples}
    if len(packages) < 2:
        raise SettingsError("the tasks come from one package; at least two are needed to fit one and judge another")
    fitted = {name: fit([sample for sample in samples if sample.package != name]) for name in packages}
    return np.array(
        [fitted[s.package].confidence(s.features) if s.features is not None else 0.0 for s in samples], dtype=np.float64
    )
