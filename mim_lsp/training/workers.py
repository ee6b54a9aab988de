"""Data-parallel training: several processes learn from different batches and share their gradients.

Start them with PyTorch's own launcher; one process alone needs nothing:

    torchrun --standalone --nproc-per-node 2 -m mim_lsp train nano --threads 1

On a CPU one process a core is faster than one process with as many threads, which wait for each other at every
operation rather than once a step (measured: docs/experiments.md).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import torch
import torch.distributed as dist

Value = TypeVar("Value")

_ENDED: list[dist.ProcessGroup | None] = []
"""Groups that are over; see `Workers.leave`."""


class Workers:
    """This process's place among those that train together."""

    def __init__(self) -> None:
        self.rank, self.size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        self.local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        """Among those of this machine: the number of its GPU."""

    @property
    def is_first(self) -> bool:
        """Whether this process logs and writes files."""
        return self.rank == 0

    def join(self, device: torch.device) -> None:
        """Wait until all processes are there. Does nothing for one alone."""
        if self.size > 1 and not dist.is_initialized():
            dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")

    def leave(self) -> None:
        """End the group, once all are there.

        Its destructor is kept from running before the process ends. It waits for gloo's threads with Python's lock
        held, and one of them may be waiting for that lock to drop a tensor. Seen with PyTorch 2.13, where a model's
        wrapper had the last reference: a process that was done hung for ever.
        """
        if dist.is_initialized():
            dist.barrier()
            _ENDED.append(dist.group.WORLD)
            dist.destroy_process_group()

    def agreed(self, values: Sequence[float]) -> list[float]:
        """The first process's values, so that all decide alike."""
        if self.size == 1:
            return list(values)
        shared = torch.tensor(values, dtype=torch.float64)
        dist.broadcast(shared, src=0)
        return shared.tolist()

    def total(self, value: int) -> int:
        """The sum of all processes' values."""
        if self.size == 1:
            return value
        shared = torch.tensor(value)
        dist.all_reduce(shared)
        return int(shared)

    def gathered(self, values: list[Value]) -> list[Value]:
        """All processes' values, one process after the other."""
        if self.size == 1:
            return values
        found: list[list[Value]] = [[] for _ in range(self.size)]
        dist.all_gather_object(found, values)
        return [value for each in found for value in each]
