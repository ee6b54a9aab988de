"""What `experiments.run` wrote, read back."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.arms import Arm
from experiments.run import RESULTS, folder_of


@dataclass(frozen=True)
class Result:
    """An arm, and what came of it."""

    arm: Arm
    measured: dict[str, Any]
    tokens: int
    """That were predicted, both directions counted."""
    curve: list[tuple[int, float]]
    """Tokens so far, and the mean NLL of the last steps' forward rows."""


def read(arms: Sequence[Arm], out: Path) -> list[Result]:
    """The results of those arms that are done."""
    return [_read(arm, folder_of(arm, out)) for arm in arms if (folder_of(arm, out) / RESULTS).exists()]


def _read(arm: Arm, folder: Path) -> Result:
    with (folder / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    curve = [(int(row["tokens"]), float(row["nll_forward"])) for row in rows if row["split"] == "train"]
    measured = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
    return Result(arm, measured, int(rows[-1]["tokens"]), curve)
