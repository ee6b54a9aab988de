"""Muon for the blocks' matrices, AdamW for the rest, and a learning rate that ends at zero."""

from __future__ import annotations

import torch
from torch.optim import AdamW, Muon, Optimizer

from mim_lsp.model.network import Decoder
from mim_lsp.training.muon import Float32Muon
from mim_lsp.training.recipes import Recipe


def make_optimizers(model: Decoder, recipe: Recipe, *, bf16: bool) -> list[Optimizer]:
    """The two optimizers over all of the model's parameters; each group keeps its peak rate as `peak_lr`.

    `bf16` tells whether the device is fast at it.
    """
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    muon = (Muon if bf16 else Float32Muon)(
        matrices, lr=recipe.matrix_lr, momentum=0.95, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"
    )
    adamw = AdamW(
        [
            {"params": [model.embedding.weight], "weight_decay": 0.0},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=recipe.other_lr,
        betas=(0.9, 0.95),
        eps=1e-10,
    )
    optimizers: list[Optimizer] = [muon, adamw]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers


def learning_rate_factor(progress: float, warm_up: float, decay: float) -> float:
    """Share of the peak learning rate at `progress` (0 to 1) through the run: rise, plateau, straight fall to 0."""
    progress = min(max(progress, 0.0), 1.0)
    rise = progress / warm_up if warm_up else 1.0
    fall = (1.0 - progress) / decay if decay else 1.0
    return min(1.0, rise, fall)


def set_learning_rate(optimizers: list[Optimizer], factor: float) -> None:
    """Set every group to `factor` times its peak."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor


def clip_gradients(model: Decoder, max_norm: float) -> float:
    """Scale the gradients to a global norm of at most `max_norm`; returns the norm before."""
    return float(torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm))
