"""Muon (Jordan et al. 2024) that orthogonalizes matrices of one shape together, in the precision that the device likes.

PyTorch's own takes one matrix after the other, which leaves a GPU waiting for its launches, and multiplies in bf16
whatever the weights are, which a processor without bf16 instructions does 60 times slower than in float32
(docs/experiments.md). This one has the same settings, state and updates, and takes sharded parameters too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Muon

MOST_TOGETHER = 2**26
"""Weights that are orthogonalized at once."""


class GroupedMuon(Muon):
    """`torch.optim.Muon` with products in `dtype` and learning rates adjusted by "match_rms_adamw"."""

    def __init__(self, params: Iterable[Tensor], *, dtype: torch.dtype, **settings: Any) -> None:
        super().__init__(params, adjust_lr_fn="match_rms_adamw", **settings)
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for alike in _alike([p for p in group["params"] if p.grad is not None]):
                self._update(alike, group)

    def _update(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        directions = torch.stack([_whole(self._direction(parameter, group)) for parameter in parameters])
        updates = orthogonalized(directions.to(self._dtype), group["ns_coefficients"], group["ns_steps"], group["eps"])
        rate = group["lr"] * 0.2 * math.sqrt(max(parameters[0].shape))
        for parameter, update in zip(parameters, updates, strict=True):
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(_own_part(update.to(parameter.dtype), parameter), alpha=-rate)

    def _direction(self, parameter: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient's running average; moves it on."""
        grad, state, momentum = parameter.grad, self.state[parameter], group["momentum"]
        assert grad is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(grad)
        average: Tensor = state["momentum_buffer"].lerp_(grad, 1 - momentum)
        return grad.lerp(average, momentum) if group["nesterov"] else average


def _alike(parameters: list[Tensor]) -> Iterator[list[Tensor]]:
    """The parameters in groups of one shape, none too large."""
    by_shape: dict[torch.Size, list[Tensor]] = {}
    for parameter in parameters:
        by_shape.setdefault(parameter.shape, []).append(parameter)
    for shape, same in by_shape.items():
        n = max(1, MOST_TOGETHER // shape.numel())
        yield from (same[i : i + n] for i in range(0, len(same), n))


def _whole(matrix: Tensor) -> Tensor:
    """All of a matrix of which each process has a part."""
    return matrix.full_tensor() if isinstance(matrix, DTensor) else matrix


def _own_part(whole: Tensor, like: Tensor) -> Tensor:
    """This process's part of a matrix, if `like` is in parts."""
    if not isinstance(like, DTensor):
        return whole
    return distribute_tensor(whole, like.device_mesh, like.placements, src_data_rank=None)


def orthogonalized(matrices: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """About U V^T of each singular value decomposition U S V^T, by Newton-Schulz iteration.

    Args:
        matrices: (number, rows, columns).
        coefficients: a, b, c of the polynomial a x + b x^3 + c x^5 that each step applies to the singular values.
        steps: how many times.
        eps: least norm to divide by.
    """
    a, b, c = coefficients
    wide = matrices if matrices.size(1) <= matrices.size(2) else matrices.mT
    wide = wide / wide.norm(dim=(1, 2), keepdim=True).clamp(min=eps)
    for _ in range(steps):
        gram = wide @ wide.mT
        wide = torch.baddbmm(wide, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    return wide if matrices.size(1) <= matrices.size(2) else wide.mT
