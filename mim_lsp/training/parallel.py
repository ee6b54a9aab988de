"""Several processes that train one model, by PyTorch's own means.

`replicated` (DDP): each has the whole model, and they average their gradients. `sharded` (FSDP2): each keeps a part of
every matrix, of its gradient and of the optimizers' averages, and gathers a block's weights while it computes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.nn.parallel import DistributedDataParallel

from mim_lsp.training.learner import Learner


def replicated(learner: Learner) -> nn.Module:
    """The learner, whose gradients are averaged over all processes."""
    return DistributedDataParallel(learner, gradient_as_bucket_view=True)


def sharded(learner: Learner) -> nn.Module:
    """The learner, with its parameters in parts; optimizers are to be made afterwards."""
    for block in learner.decoder.blocks:
        fully_shard(block)
    fully_shard(learner)
    return learner


@contextmanager
def gradients_shared(module: nn.Module, *, now: bool) -> Iterator[None]:
    """Average gradients over the processes in this backward pass, or (`now=False`) leave it to a later one."""
    if isinstance(module, DistributedDataParallel) and not now:
        with module.no_sync():
            yield
        return
    if isinstance(module, FSDPModule):
        module.set_requires_gradient_sync(now)
    yield
