"""The plots of a calibration: how reliable the confidence is, and what a threshold on it shows."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from mim_lsp.evaluation.calibration import CalibrationReport

_SIZE = (5.5, 4.5)


def save_plots(report: CalibrationReport, folder: Path) -> list[Path]:
    """Write `reliability.png` and `eagerness.png` into `folder`, which is made if need be; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_save_reliability(report, folder / "reliability.png"), _save_curve(report, folder / "eagerness.png")]


def _save_reliability(report: CalibrationReport, path: Path) -> Path:
    figure, axes = plt.subplots(figsize=_SIZE)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axes.plot([b.confidence for b in report.bins], [b.accuracy for b in report.bins], marker="o", label="measured")
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(f"{report.model}: {report.calibrated.samples} suggestions, a tenth of them a point")
    axes.legend()
    return _finish(figure, path)


def _save_curve(report: CalibrationReport, path: Path) -> Path:
    figure, axes = plt.subplots(figsize=_SIZE)
    shown = [point for point in report.curve if point.precision is not None]
    thresholds = [point.threshold for point in shown]
    axes.plot(thresholds, [point.precision or 0.0 for point in shown], label="precision of what is shown")
    axes.plot(thresholds, [point.recall for point in shown], label="right suggestions that are shown")
    axes.plot(thresholds, [point.show_rate for point in shown], label="holes with a suggestion")
    axes.plot(thresholds, [point.false_show_rate for point in shown], label="complete places with a suggestion")
    axes.axvline(report.threshold, color="grey", linestyle=":", label="eagerness 0.5")
    axes.set(xlabel="confidence asked for", ylabel="share", ylim=(0, 1))
    axes.set_title(f"{report.model}: what a threshold shows")
    axes.legend()
    return _finish(figure, path)


def _finish(figure: Figure, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path
