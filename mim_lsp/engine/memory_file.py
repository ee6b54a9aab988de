"""Where a model keeps how much its memories count: `memory.json` in its folder."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from mim_lsp.engine.memory import MemoryWeights, Remembering
from mim_lsp.errors import ModelError

FILE = "memory.json"
MOST = 100.0
"""Larger weights, either way, are damage."""


def read_memory(folder: Path) -> Remembering | None:
    """The weights that a model's folder has; None if it has none, and then the network alone decides.

    Raises:
        ModelError: they cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Remembering(**{name: _weights(values) for name, values in fields.items()})
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: fit it again with `mim-lsp calibrate --memory`, or delete it.") from error


def write_memory(folder: Path, weights: Remembering) -> None:
    """Write `weights` into a model's folder, in place of those that it may have."""
    fields = {name: value._asdict() for name, value in weights._asdict().items() if value is not None}
    (folder / FILE).write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")


def _weights(fields: dict[str, Any]) -> MemoryWeights:
    weights = MemoryWeights(**{name: float(value) for name, value in fields.items()})
    if not all(math.isfinite(weight) and abs(weight) <= MOST for weight in weights):
        raise ValueError("a weight without sense")
    return weights
