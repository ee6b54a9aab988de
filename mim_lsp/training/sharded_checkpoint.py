"""Checkpoints of sharded runs: every process writes its own part, by `torch.distributed.checkpoint`.

The folder is put in its place as any other checkpoint is. It can be gone on with in another number of processes.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, cast

import torch.distributed as dist
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_state_dict,
    set_state_dict,
)
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.optim import Optimizer

from mim_lsp.errors import ModelError
from mim_lsp.model.network import Decoder
from mim_lsp.training.checkpoint import Progress, begin_checkpoint, end_checkpoint, whole_checkpoint


def save_sharded(folder: Path, model: Decoder, optimizers: list[Optimizer], progress: Progress) -> None:
    """Write the checkpoint `folder`; every process of the run must take part."""
    if dist.get_rank() == 0:
        begin_checkpoint(folder)
    dist.barrier()
    save(_state(model, optimizers), checkpoint_id=folder.with_name(folder.name + ".new"))
    dist.barrier()
    if dist.get_rank() == 0:
        end_checkpoint(folder, progress)
    dist.barrier()


def is_sharded(folder: Path) -> bool:
    """Whether the last whole checkpoint in `folder` is of a sharded run."""
    return (whole_checkpoint(folder) / ".metadata").exists()


def load_sharded(folder: Path, model: Decoder, optimizers: list[Optimizer]) -> Progress:
    """Restore what `save_sharded` wrote, into a model in parts or in one piece; every process must take part.

    Raises:
        ModelError: there is no whole checkpoint of a sharded run, or it is of another recipe.
    """
    whole = whole_checkpoint(folder)
    state = _state(model, optimizers)
    try:
        progress = Progress.from_json((whole / "progress.json").read_text())
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "torch.distributed is disabled")  # that is meant: one process alone
            load(state, checkpoint_id=whole)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"cannot resume from {folder}: {error}. Start without --resume.") from error
    except CheckpointException as error:
        raise ModelError(f"the checkpoint in {folder} is of another recipe, or not of a sharded run.") from error
    set_state_dict(model, optimizers, model_state_dict=state["model"], optim_state_dict=state["optimizers"])
    return progress


def gathered(model: Decoder) -> dict[str, Tensor] | None:
    """All weights in the memory of the first process; None in the others. Every process must take part."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    state = get_model_state_dict(model, options=options)
    return cast(dict[str, Tensor], state) if dist.get_rank() == 0 else None


def _state(model: Decoder, optimizers: list[Optimizer]) -> dict[str, Any]:
    weights, averages = get_state_dict(model, optimizers)
    return {"model": weights, "optimizers": averages}
