"""Rounding one matrix to int4 with little change of its outputs (GPTQ, Frantar et al. 2022, arXiv 2210.17323).

What counts is not the error of a weight but that of the outputs on real inputs. With the Hessian H = X'X of a layer's
inputs X, a row's squared output error is e'He. Columns are rounded one after the other, and those not yet rounded take
over what each rounding got wrong, as far as H says that they can. Columns with large inputs go first, while many are
left to make up for them; the scales of all groups are chosen beforehand, so the order is free.

The inputs that a layer gets in the quantized network are not the true ones. `move_to_inputs` makes up for that
beforehand, as far as a matrix can.

Shape legend: N outputs, K inputs, G groups, C inputs of a group.
"""

from __future__ import annotations

import torch
from torch import Tensor

LOWEST, HIGHEST = -8, 7
DAMPING = 0.01
"""Of the Hessian's mean diagonal, added to it: inputs that calibration never saw must not be free."""
SHRINKAGE = torch.linspace(0.5, 1.1, 25)
"""How far the largest weight of a group may be from the end of the range: to clip it makes finer steps for the rest."""

_BLOCK = 64  # columns that are rounded before the columns to their right are brought up to date in one go
_SMALLEST_SCALE = 6e-8  # the smallest float16 above zero


def round_to_int4(weight_NK: Tensor, hessian_KK: Tensor, group: int) -> tuple[Tensor, Tensor]:
    """Values in -8..7 as int8 (N, K) and scales as float16 (N, G) of a matrix.

    Args:
        weight_NK: the matrix; `group` divides K.
        hessian_KK: mean over tokens of x x' for its inputs x, float64.
        group: inputs that share a scale.
    """
    scales_NG = choose_scales(weight_NK.float(), hessian_KK.diagonal().float(), group)
    values_NK = compensate(weight_NK.double(), hessian_KK, scales_NG.double().repeat_interleave(group, dim=1))
    return values_NK.to(torch.int8), scales_NG


def move_to_inputs(weight_NK: Tensor, hessian_KK: Tensor, drift_KK: Tensor) -> Tensor:
    """The matrix that comes closest, on the inputs y it gets, to what `weight_NK` gives on the true inputs x.

    Args:
        weight_NK: the matrix.
        hessian_KK: mean over tokens of y y', float64.
        drift_KK: mean over tokens of (x - y) y', float64.
    """
    change_KK: Tensor = torch.linalg.solve(_damped(hessian_KK), drift_KK.T).T
    return weight_NK + (weight_NK.double() @ change_KK).to(weight_NK.dtype)


def choose_scales(weight_NK: Tensor, importance_K: Tensor, group: int) -> Tensor:
    """The float16 scale of each group with the least squared error, weighted by `importance_K`.

    Scales of either sign are tried: one side of zero has a step more than the other.
    """
    weight_NGC, importance_GC = weight_NK.reshape(len(weight_NK), -1, group), importance_K.reshape(-1, group)
    extreme_NG = weight_NGC.gather(2, weight_NGC.abs().argmax(2, keepdim=True)).squeeze(2)
    best_NG, least_NG = _to_float16(extreme_NG / LOWEST).float(), torch.full_like(extreme_NG, torch.inf)
    for end in (LOWEST, HIGHEST):
        for shrinkage in SHRINKAGE.tolist():
            scales_NG = _to_float16(extreme_NG * shrinkage / end).float()
            scales_NG1 = scales_NG[:, :, None]
            errors_NGC = round_to_steps(weight_NGC, scales_NG1) * scales_NG1 - weight_NGC
            error_NG = (errors_NGC.square() * importance_GC).sum(2)
            better_NG = error_NG < least_NG
            best_NG, least_NG = torch.where(better_NG, scales_NG, best_NG), torch.minimum(error_NG, least_NG)
    return best_NG.half()


def compensate(weight_NK: Tensor, hessian_KK: Tensor, scales_NK: Tensor) -> Tensor:
    """Round to multiples -8..7 of `scales_NK`, column by column, each error made up for by the columns to come."""
    order_K = hessian_KK.diagonal().argsort(descending=True)
    remaining_NK, scales_NK = weight_NK[:, order_K], scales_NK[:, order_K]
    influence_KK = _influence(hessian_KK[order_K][:, order_K])
    values_NK = torch.empty_like(remaining_NK)
    for start in range(0, len(order_K), _BLOCK):
        end = min(start + _BLOCK, len(order_K))
        errors = torch.empty_like(remaining_NK[:, start:end])
        for k in range(start, end):
            values_NK[:, k] = round_to_steps(remaining_NK[:, k], scales_NK[:, k])
            error_N = (remaining_NK[:, k] - values_NK[:, k] * scales_NK[:, k]) / influence_KK[k, k]
            remaining_NK[:, k + 1 : end] -= error_N[:, None] * influence_KK[k, k + 1 : end]
            errors[:, k - start] = error_N
        remaining_NK[:, end:] -= errors @ influence_KK[start:end, end:]
    return values_NK[:, order_K.argsort()]


def round_to_steps(weight: Tensor, scales: Tensor) -> Tensor:
    """The nearest multiples of `scales` that int4 has, as counts of steps."""
    return (weight / scales).round().clamp(LOWEST, HIGHEST)


def _influence(hessian_KK: Tensor) -> Tensor:
    """Upper Cholesky factor of the inverse: row k says how the columns right of k make up for an error in k."""
    lower_KK = torch.linalg.cholesky(_damped(hessian_KK))
    influence_KK: Tensor = torch.linalg.cholesky(torch.cholesky_inverse(lower_KK), upper=True)
    return influence_KK


def _damped(hessian_KK: Tensor) -> Tensor:
    # Where all inputs are always zero there is nothing to be damped in proportion to.
    damping: Tensor = DAMPING * hessian_KK.diagonal().mean() + torch.finfo(torch.float64).tiny ** 0.5
    return hessian_KK + damping * torch.eye(len(hessian_KK), dtype=hessian_KK.dtype)


def _to_float16(scales: Tensor) -> Tensor:
    """Nearest float16, never zero and never infinite."""
    largest = torch.finfo(torch.float16).max
    magnitude = scales.abs().clamp(_SMALLEST_SCALE, largest).half()
    return torch.where(scales < 0, -magnitude, magnitude)
