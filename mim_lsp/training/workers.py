"""Data-parallel training: several processes learn from different batches and share their gradients.

Start them with PyTorch's own launcher; one process alone needs nothing:

    torchrun --standalone --nproc-per-node 2 -m mim_lsp train nano --threads 1

On a CPU one process a core is faster than one process with as many threads, which wait for each other at every
operation rather than once a step (measured: docs/experiments.md).
"""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor, nn


class Workers:
    """This process's place among those that train together."""

    def __init__(self) -> None:
        self.rank, self.size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))

    @property
    def is_first(self) -> bool:
        """Whether this process logs and writes files."""
        return self.rank == 0

    def join(self, device: torch.device) -> None:
        """Wait until all processes are there. Does nothing for one alone."""
        if self.size > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")

    def leave(self) -> None:
        """End the group."""
        if dist.is_initialized():
            dist.destroy_process_group()

    def average_gradients(self, model: nn.Module) -> None:
        """Replace every gradient by its mean over the processes."""
        if self.size == 1:
            return
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        means = torch.split(flat / self.size, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view_as(gradient))

    def agreed(self, value: float) -> float:
        """The first process's value, so that all decide alike."""
        if self.size == 1:
            return value
        shared: Tensor = torch.tensor([value], dtype=torch.float64)
        dist.broadcast(shared, src=0)
        return float(shared)
