"""What a run keeps of itself: a CSV of losses and a plot of it, made to be looked at while the run goes on."""

from __future__ import annotations

import csv
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mim_lsp.training.forward import Metrics


@dataclass(frozen=True)
class Pace:
    """How fast and how steadily a run goes, since the entry before; NaN where that is not known."""

    tokens_per_second: float
    mfu: float = float("nan")
    """Share of the device's peak that the model's arithmetic takes."""
    grad_norm: float = float("nan")
    """Mean norm of the gradients before clipping, of the steps that were taken."""
    skipped: int = 0
    """Steps that were skipped since the beginning."""


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    split: str
    """`train` or `heldout`."""
    step: int
    tokens: int
    minutes: float
    lr_factor: float
    pace: Pace
    metrics: Metrics


COLUMNS = [
    *("split", "step", "tokens", "minutes", "lr_factor"),
    *(field.name for field in fields(Pace)),
    *(field.name for field in fields(Metrics)),
]


class RunLog:
    """Appends to `log.csv` and redraws `curves.png`."""

    def __init__(self, folder: Path, *, step: int) -> None:
        """Go on with the log in `folder` from `step`: what was logged after that, or all of it at 0, is dropped."""
        self.path, self.plot_path = folder / "log.csv", folder / "curves.png"
        kept = [row for row in self._rows() if int(row["step"]) <= step] if step and self.path.exists() else []
        aside = self.path.with_suffix(".csv.new")
        with aside.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(kept)
        aside.replace(self.path)

    def add(self, entry: Entry) -> None:
        """Write one line."""
        row = asdict(entry)
        row |= row.pop("pace") | row.pop("metrics")
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS).writerow(
                {key: f"{value:.5g}" if isinstance(value, float) else value for key, value in row.items()}
            )

    def plot(self) -> None:
        """Draw losses, agreement and gradients over tokens."""
        rows = self._rows()
        figure = Figure(figsize=(17, 5), layout="tight")
        left, middle, right = figure.subplots(1, 3)
        _draw(left, rows, ("nll_forward", "nll_backward"))
        _draw(middle, rows, ("tv_text", "tv_middle"))
        _draw(right, [row for row in rows if row["split"] == "train"], ("grad_norm",))
        left.set(ylabel="nats per token", title="negative log-likelihood")
        middle.set(ylabel="total variation", title="disagreement", ylim=(0, 1))
        right.set(ylabel="norm before clipping", title="gradient")
        aside = self.plot_path.with_suffix(".new.png")
        figure.savefig(aside, dpi=110)
        os.replace(aside, self.plot_path)

    def _rows(self) -> list[dict[str, str]]:
        """The whole lines: the last one may be cut off where the run was killed."""
        with self.path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        return [row for row in rows if row["step"] and row[COLUMNS[-1]]]


def _draw(axes: Axes, rows: list[dict[str, str]], names: tuple[str, ...]) -> None:
    """Some columns over the tokens: training thin, held-out text thick."""
    for split, width in (("train", 0.8), ("heldout", 1.8)):
        chosen = [row for row in rows if row["split"] == split]
        tokens = [int(row["tokens"]) / 1e6 for row in chosen]
        for name in names:
            values = [float(row[name] or "nan") for row in chosen]
            axes.plot(tokens, values, label=f"{name}, {split}", linewidth=width)
    axes.set_xlabel("million tokens predicted")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def say(line: str) -> None:
    """Tell the person at the terminal, at once; the one place where training prints."""
    print(line, flush=True)  # noqa: T201
