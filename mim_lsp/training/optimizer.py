"""Muon (or AdamW) for the blocks' matrices, AdamW for the rest, and a learning rate that falls to its end."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor
from torch.nn import Parameter
from torch.optim import AdamW, Muon, Optimizer

from mim_lsp.model.network import Decoder
from mim_lsp.training.muon import GroupedMuon
from mim_lsp.training.recipe import Recipe


def make_optimizers(model: Decoder, recipe: Recipe, *, bf16: bool) -> list[Optimizer]:
    """The two optimizers over all of the model's parameters; each group keeps its peak rate as `peak_lr`.

    `bf16` tells whether the device is fast at it.
    """
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    rest = AdamW(
        [
            {"params": [model.embedding.weight], "weight_decay": 0.0},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=recipe.lr_scale * recipe.other_lr,
        betas=(0.9, 0.95),
        eps=recipe.adam_eps,
    )
    optimizers: list[Optimizer] = [_of_matrices(matrices, recipe, bf16=bf16), rest]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers


def _of_matrices(matrices: list[Parameter], recipe: Recipe, *, bf16: bool) -> Optimizer:
    rate, weight_decay = recipe.lr_scale * recipe.matrix_lr, recipe.weight_decay
    if recipe.optimizer == "adamw":
        return AdamW(matrices, lr=rate, weight_decay=weight_decay, betas=(0.9, 0.95), eps=recipe.adam_eps)
    settings: dict[str, Any] = {"lr": rate, "momentum": 0.95, "weight_decay": weight_decay}
    if bf16 and not _gains_from_groups(matrices[0]):
        return Muon(matrices, adjust_lr_fn="match_rms_adamw", **settings)
    return GroupedMuon(matrices, dtype=torch.bfloat16 if bf16 else torch.float32, **settings)


def _gains_from_groups(matrix: Parameter) -> bool:
    return matrix.is_cuda or isinstance(matrix, DTensor)


def learning_rate_factor(progress: float, recipe: Recipe) -> float:
    """Share of the peak learning rate at `progress` (0 to 1) through the run: rise, plateau, fall to the end."""
    progress = min(max(progress, 0.0), 1.0)
    rise = progress / recipe.warm_up if recipe.warm_up else 1.0
    left = min(1.0, (1.0 - progress) / recipe.decay) if recipe.decay else 1.0
    if recipe.schedule == "cosine":
        left = 0.5 * (1 - math.cos(math.pi * left))
    return min(rise, recipe.last_lr + (1 - recipe.last_lr) * left)


def set_learning_rate(optimizers: list[Optimizer], factor: float) -> None:
    """Set every group to `factor` times its peak."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor


def clip_gradients(model: Decoder, max_norm: float) -> float:
    """Scale the gradients to a global norm of at most `max_norm`; returns the norm before."""
    norm: Tensor = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)
