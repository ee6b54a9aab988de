"""Muon in float32, for processors without bf16 instructions.

PyTorch's Muon multiplies its matrices in bf16 whatever the weights are, which such a processor does 60 times slower
than in float32 (docs/experiments.md). This one has the same settings, state and updates.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.optim import Muon


class Float32Muon(Muon):
    """`torch.optim.Muon` with products in float32 and learning rates adjusted by "match_rms_adamw"."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)

    def _update(self, parameter: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        state, momentum = self.state[parameter], group["momentum"]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(grad)
        average = state["momentum_buffer"].lerp_(grad, 1 - momentum)
        direction = grad.lerp(average, momentum) if group["nesterov"] else average
        update = orthogonalized(direction, group["ns_coefficients"], group["ns_steps"], group["eps"])
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(update, alpha=-group["lr"] * 0.2 * math.sqrt(max(parameter.shape)))


def orthogonalized(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """About U V^T of the singular value decomposition U S V^T, by Newton-Schulz iteration (Jordan et al. 2024).

    Args:
        matrix: (rows, columns).
        coefficients: a, b, c of the polynomial a x + b x^3 + c x^5 that each step applies to the singular values.
        steps: how many times.
        eps: least norm to divide by.
    """
    a, b, c = coefficients
    wide = matrix if matrix.size(0) <= matrix.size(1) else matrix.T
    wide = wide / wide.norm().clamp(min=eps)
    for _ in range(steps):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    return wide if matrix.size(0) <= matrix.size(1) else wide.T
