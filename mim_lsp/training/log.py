"""The log of a run: a CSV of losses and a plot of it, both made to be looked at while the run goes on."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import matplotlib

from mim_lsp.training.forward import Metrics

matplotlib.use("Agg")
from matplotlib import pyplot as plt

COLUMNS = ["split", "step", "tokens", "minutes", "lr_factor", "tokens_per_second", *(f.name for f in fields(Metrics))]


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    split: str
    """`train` or `heldout`."""
    step: int
    tokens: int
    minutes: float
    lr_factor: float
    tokens_per_second: float
    metrics: Metrics


class RunLog:
    """Appends to `log.csv` and redraws `curves.png`."""

    def __init__(self, folder: Path, *, fresh: bool) -> None:
        self.path, self.plot_path = folder / "log.csv", folder / "curves.png"
        if fresh or not self.path.exists():
            with self.path.open("w", newline="") as file:
                csv.writer(file).writerow(COLUMNS)

    def add(self, entry: Entry) -> None:
        """Write one line."""
        row = {key: value for key, value in asdict(entry).items() if key != "metrics"} | asdict(entry.metrics)
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS).writerow(
                {key: f"{value:.5g}" if isinstance(value, float) else value for key, value in row.items()}
            )

    def plot(self) -> None:
        """Draw losses and agreement over tokens."""
        with self.path.open() as file:
            rows = list(csv.DictReader(file))
        figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5))
        for split, style in (("train", {"linewidth": 0.8, "alpha": 0.6}), ("heldout", {"linewidth": 1.8})):
            chosen = [row for row in rows if row["split"] == split]
            tokens = [int(row["tokens"]) / 1e6 for row in chosen]
            for axis, names in ((left, ("nll_forward", "nll_backward")), (right, ("tv_text", "tv_middle"))):
                for name in names:
                    axis.plot(tokens, [float(row[name]) for row in chosen], label=f"{name}, {split}", **style)
        left.set(xlabel="million tokens predicted", ylabel="nats per token", title="negative log-likelihood")
        right.set(xlabel="million tokens predicted", ylabel="total variation", title="disagreement", ylim=(0, 1))
        for axis in (left, right):
            axis.grid(alpha=0.3)
            axis.legend(fontsize=8)
        figure.tight_layout()
        figure.savefig(self.plot_path, dpi=110)
        plt.close(figure)
