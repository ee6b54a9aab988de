"""The plot of the report: passes of all contestants side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.measures import BOTH, MEMORY, ONE, PREFILL
from benchmarks.results import Results
from benchmarks.spread import Spread, spread

_COLORS = {"native": "#1b7f5c", "llama.cpp": "#b5651d", "onnxruntime": "#6a5acd", "torch": "#808080"}


def plot(results: Results, path: Path) -> None:
    """A row of panels for each shape: one direction, both directions, prefill; the most threads, the shortest rows."""
    threads = max(one.threads for one in results.series)
    context = min(one.context for one in results.series if one.measure == ONE)
    shapes = list(dict.fromkeys(one.shape for one in results.series))
    names = [name for name in dict.fromkeys(one.contestant for one in results.series) if name != MEMORY]
    panels = ((ONE, context), (BOTH, context), (PREFILL, 0))
    figure, axes = plt.subplots(len(shapes), len(panels), figsize=(12, 0.9 + 2.1 * len(shapes)), squeeze=False)
    for row, shape in zip(axes, shapes, strict=True):
        for panel, (measure, at) in zip(row, panels, strict=True):
            bursts = {name: results.bursts(shape, threads, name, measure, at) for name in names}
            _bars(panel, {name: spread(found) for name, found in bursts.items() if found})
            panel.set_title(f"{shape}, {measure}" + (f", {at} tokens" if at else ""), fontsize=10)
    figure.suptitle(f"Milliseconds, {threads} threads, median and range of four fifths; less is better", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _bars(axes: Axes, spreads: dict[str, Spread]) -> None:
    names = list(spreads)[::-1]
    medians = [spreads[name].median for name in names]
    lows = [spreads[name].median - spreads[name].p10 for name in names]
    highs = [spreads[name].p90 - spreads[name].median for name in names]
    axes.barh(names, medians, xerr=(lows, highs), color=_colors(names), error_kw={"linewidth": 1, "capsize": 2})
    for place, median in enumerate(medians):
        axes.annotate(f" {median:.3g}", (median, place), va="bottom", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.margins(x=0.12)


def _colors(names: Sequence[str]) -> list[str]:
    return [_COLORS[name.split()[0]] for name in names]
