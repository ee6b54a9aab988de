"""The plot of `benchmarks.typing`: how long keys wait for their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt


def plot(latencies_ms: Mapping[str, Sequence[float]], path: Path) -> None:
    """For each server the share of keys that are answered within so many milliseconds."""
    figure, axes = plt.subplots(figsize=(7, 4))
    for name, values in latencies_ms.items():
        ordered = sorted(values)
        axes.step(ordered, [100 * (i + 1) / len(ordered) for i in range(len(ordered))], where="post", label=name)
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds from key to answer")
    axes.set_ylabel("keys answered by then, %")
    axes.axvline(16.7, color="gray", linewidth=0.8, linestyle=":")
    axes.annotate("a frame", (16.7, 3), fontsize=8, color="gray")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)
