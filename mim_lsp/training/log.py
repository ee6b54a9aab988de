"""What a run tells: a CSV of losses and a plot of it, made to be looked at while the run goes on, and a few lines."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mim_lsp.training.forward import Metrics

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

    def __init__(self, folder: Path, *, step: int) -> None:
        """Go on with the log in `folder` from `step`: what was logged after that, or all of it at 0, is dropped."""
        self.path, self.plot_path = folder / "log.csv", folder / "curves.png"
        kept = [row for row in self._rows() if int(row["step"]) <= step] if step and self.path.exists() else []
        with self.path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(kept)

    def add(self, entry: Entry) -> None:
        """Write one line."""
        row = {key: value for key, value in asdict(entry).items() if key != "metrics"} | asdict(entry.metrics)
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS).writerow(
                {key: f"{value:.5g}" if isinstance(value, float) else value for key, value in row.items()}
            )

    def plot(self) -> None:
        """Draw losses and agreement over tokens."""
        rows = self._rows()
        figure = Figure(figsize=(13, 5), layout="tight")
        left, right = figure.subplots(1, 2)
        _draw(left, rows, ("nll_forward", "nll_backward"))
        _draw(right, rows, ("tv_text", "tv_middle"))
        left.set(ylabel="nats per token", title="negative log-likelihood")
        right.set(ylabel="total variation", title="disagreement", ylim=(0, 1))
        figure.savefig(self.plot_path, dpi=110)

    def _rows(self) -> list[dict[str, str]]:
        with self.path.open(newline="") as file:
            return list(csv.DictReader(file))


def _draw(axes: Axes, rows: list[dict[str, str]], names: tuple[str, ...]) -> None:
    """Some columns over the tokens: training thin, held-out text thick."""
    for split, width in (("train", 0.8), ("heldout", 1.8)):
        chosen = [row for row in rows if row["split"] == split]
        tokens = [int(row["tokens"]) / 1e6 for row in chosen]
        for name in names:
            axes.plot(tokens, [float(row[name]) for row in chosen], label=f"{name}, {split}", linewidth=width)
    axes.set_xlabel("million tokens predicted")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def say(line: str) -> None:
    """Tell the person at the terminal, at once; the one place where training prints."""
    print(line, flush=True)  # noqa: T201
