"""Checkpoints that resume exactly: weights, optimizer state and progress, without pickle.

A checkpoint is written aside and then renamed, so a run killed at any moment leaves the last whole one.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import AdamW, Optimizer

from mim_lsp.errors import ModelError
from mim_lsp.model.network import Decoder
from mim_lsp.training.guard import Guard


@dataclass
class Progress:
    """How far a run is. Batches depend on their number alone, so this is all that data and randomness need."""

    step: int = 0
    batches: int | None = None
    """Batches that all processes together have learned from; None in checkpoints of before they were counted."""
    tokens: int = 0
    """Tokens predicted so far, both directions counted."""
    seconds: float = 0.0
    """Time spent training, pauses between sessions not counted."""
    guard: Guard = field(default_factory=Guard)
    """Which gradients were usual."""

    @classmethod
    def from_json(cls, text: str) -> Progress:
        """Read what `to_json` wrote; raises `ValueError` or `TypeError` where it is something else."""
        values = json.loads(text)
        return cls(**{**values, "guard": Guard(**values.get("guard", {}))})

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))


def save_checkpoint(folder: Path, model: Decoder, optimizers: list[Optimizer], progress: Progress) -> None:
    """Write the checkpoint `folder`, replacing an older one only when the new one is whole."""
    aside = begin_checkpoint(folder)
    save_file({name: p.detach().contiguous() for name, p in model.named_parameters()}, aside / "weights.safetensors")
    save_file(_optimizer_tensors(optimizers), aside / "optimizer.safetensors")
    end_checkpoint(folder, progress)


def begin_checkpoint(folder: Path) -> Path:
    """An empty folder in which the next checkpoint is to be written."""
    aside = folder.with_name(folder.name + ".new")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    return aside


def end_checkpoint(folder: Path, progress: Progress) -> None:
    """Put the checkpoint that was written aside in its place."""
    aside, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    (aside / "progress.json").write_text(progress.to_json())
    if folder.exists():  # else `old` is the last whole one, and goes only when the new one has its place
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def whole_checkpoint(folder: Path) -> Path:
    """Where the last whole checkpoint is: in its place, or still under its old name."""
    return folder if folder.exists() else folder.with_name(folder.name + ".old")


def load_checkpoint(folder: Path, model: Decoder, optimizers: list[Optimizer]) -> Progress:
    """Restore what `save_checkpoint` wrote.

    Raises:
        ModelError: there is no whole checkpoint, or it is of another recipe.
    """
    whole = whole_checkpoint(folder)
    try:
        weights = load_file(whole / "weights.safetensors")
        state = load_file(whole / "optimizer.safetensors")
        progress = Progress.from_json((whole / "progress.json").read_text())
    except (OSError, ValueError, TypeError, AttributeError, SafetensorError) as error:
        raise ModelError(f"cannot resume from {folder}: {error}. Start without --resume or --branch.") from error
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(f"the checkpoint in {folder} is of another recipe: the model has another shape.") from error
    try:
        _restore_optimizers(optimizers, state)
    except ValueError as error:
        raise ModelError(f"the checkpoint in {folder} is of another recipe: {error}.") from error
    return progress


def _optimizer_tensors(optimizers: list[Optimizer]) -> dict[str, Tensor]:
    return {
        f"{i}.{parameter}.{key}": torch.as_tensor(value).detach().clone().contiguous()
        for i, optimizer in enumerate(optimizers)
        for parameter, state in optimizer.state_dict()["state"].items()
        for key, value in state.items()
    }


def _restore_optimizers(optimizers: list[Optimizer], tensors: dict[str, Tensor]) -> None:
    """Raises `ValueError` for the averages of another optimizer."""
    for i, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            index, parameter, key = name.split(".", 2)
            if int(index) == i:
                state.setdefault(int(parameter), {})[key] = tensor
        kept = {"step", "exp_avg", "exp_avg_sq"} if isinstance(optimizer, AdamW) else {"momentum_buffer"}
        if any(averages.keys() != kept for averages in state.values()):
            raise ValueError("it learned with another optimizer")
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
