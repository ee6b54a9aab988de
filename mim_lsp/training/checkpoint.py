"""Checkpoints that resume exactly: weights, optimizer state and progress, without pickle.

A checkpoint is written aside and then renamed, so a run killed at any moment leaves the last whole one.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer

from mim_lsp.errors import ModelError
from mim_lsp.model.network import Decoder


@dataclass
class Progress:
    """How far a run is. Batches depend on the step alone, so this is all that data and randomness need."""

    step: int = 0
    tokens: int = 0
    """Tokens predicted so far, both directions counted."""
    seconds: float = 0.0
    """Time spent training, pauses between sessions not counted."""


def save_checkpoint(folder: Path, model: Decoder, optimizers: list[Optimizer], progress: Progress) -> None:
    """Write the checkpoint `folder`, replacing an older one only when the new one is whole."""
    aside, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    save_file({name: p.detach().contiguous() for name, p in model.named_parameters()}, aside / "weights.safetensors")
    save_file(_optimizer_tensors(optimizers), aside / "optimizer.safetensors")
    (aside / "progress.json").write_text(json.dumps(asdict(progress)))
    if folder.exists():  # else `old` is the last whole one, and goes only when the new one has its place
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(folder: Path, model: Decoder, optimizers: list[Optimizer]) -> Progress:
    """Restore what `save_checkpoint` wrote.

    Raises:
        ModelError: there is no whole checkpoint, or it is of another recipe.
    """
    whole = folder if folder.exists() else folder.with_name(folder.name + ".old")
    try:
        weights = load_file(whole / "weights.safetensors")
        state = load_file(whole / "optimizer.safetensors")
        progress = Progress(**json.loads((whole / "progress.json").read_text()))
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise ModelError(f"cannot resume from {folder}: {error}. Start without --resume.") from error
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(f"the checkpoint in {folder} is of another recipe. Choose another --out.") from error
    _restore_optimizers(optimizers, state)
    return progress


def _optimizer_tensors(optimizers: list[Optimizer]) -> dict[str, Tensor]:
    return {
        f"{i}.{parameter}.{key}": torch.as_tensor(value).detach().clone().contiguous()
        for i, optimizer in enumerate(optimizers)
        for parameter, state in optimizer.state_dict()["state"].items()
        for key, value in state.items()
    }


def _restore_optimizers(optimizers: list[Optimizer], tensors: dict[str, Tensor]) -> None:
    for i, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            index, parameter, key = name.split(".", 2)
            if int(index) == i:
                state.setdefault(int(parameter), {})[key] = tensor
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
