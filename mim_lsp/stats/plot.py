"""The summary as a picture; needs matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mim_lsp.stats.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot(summary: Summary, path: Path) -> None:
    """Draw acceptance by day, latency by source and the reasons for silence; the suffix of `path` says the format.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        OSError: the file cannot be written.
        ValueError: the format is none that matplotlib knows.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    days, latency, silence = figure.subplots(1, 3)
    _draw_days(days, summary)
    _draw_latency(latency, summary)
    _draw_silence(silence, summary)
    figure.savefig(path)


def _draw_days(axes: Axes, summary: Summary) -> None:
    axes.set_title("shown and taken by day")
    days = list(summary.days_accepted)
    axes.bar(days, [shown for shown, _ in summary.days_accepted.values()], label="shown", color="lightgray")
    axes.bar(days, [taken for _, taken in summary.days_accepted.values()], label="taken", color="tab:green")
    axes.tick_params(axis="x", labelrotation=90)
    axes.legend(loc="lower left")


def _draw_latency(axes: Axes, summary: Summary) -> None:
    axes.set_title("milliseconds to the answer")
    sources = list(summary.latency)
    axes.bar(sources, [each.p95_ms for each in summary.latency.values()], label="p95", color="lightgray")
    axes.bar(sources, [each.p50_ms for each in summary.latency.values()], label="p50", color="tab:blue")
    axes.set_yscale("log")
    axes.legend(loc="lower left")


def _draw_silence(axes: Axes, summary: Summary) -> None:
    axes.set_title("why nothing was offered")
    axes.barh(list(summary.silence), list(summary.silence.values()), color="tab:orange")
    axes.invert_yaxis()
