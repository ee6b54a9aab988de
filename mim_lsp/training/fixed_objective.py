"""The objective of `objective.py` with shapes that never change, so that a GPU's compiler makes it once.

Which positions are pairs differs from batch to batch. Here every position has a place in one of two equally long lists,
such that both of a pair stand at the same place, and what is alone stands beside something else that is alone; the
agreement of those does not count. A chunk of both lists then gives its losses and, by the same formulas as there, its
gradients, in float32.

Shape legend: N flattened positions, P places of a list, C places of one chunk, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mim_lsp.training.objective import IGNORE, Ends, Losses


@dataclass(frozen=True)
class Places:
    """Where each position stands in the two lists."""

    order_2P: Tensor
    """Positions."""
    paired_P: Tensor
    """1 where the two lists hold a pair, else 0."""


def places(targets_N: Tensor, pairs_K2: Tensor) -> Places:
    """Place the pairs first, then the others, those that predict nothing last; N must be even."""
    n = len(targets_N)
    assert n % 2 == 0
    rank_N = torch.where(targets_N == IGNORE, 2, 1)
    rank_N[pairs_K2.flatten()] = 0
    alone = torch.argsort(rank_N, stable=True)[2 * len(pairs_K2) :]
    order_2P = torch.cat((pairs_K2.T, alone.view(-1, 2).T), dim=1)
    paired_P = (torch.arange(n // 2, device=targets_N.device) < len(pairs_K2)).float()
    return Places(order_2P, paired_P)


@dataclass(frozen=True)
class Weights:
    """What counts how much in the loss."""

    beta: float
    """The agreement."""
    z_loss: float
    """The squared logarithm of the softmax's denominator."""


class _Chunk(NamedTuple):
    nll_2C: Tensor
    tv_C: Tensor
    z_2C: Tensor
    """Logarithms of the softmaxes' denominators."""
    grad_logits_2CV: Tensor
    """Of the loss before it is divided by the number of targets."""


def chunk_losses(
    logits_2CV: Tensor, targets_2C: Tensor, paired_C: Tensor, weights: Weights, shift_2C1: Tensor, shifted: int
) -> _Chunk:
    """Losses and gradient of some places; `shift_2C1` is added to the logit of the token `shifted`."""
    logits = logits_2CV.to(torch.promote_types(logits_2CV.dtype, torch.float32))
    ids_V = torch.arange(logits.shape[-1], device=logits.device)
    logits = torch.where(ids_V == shifted, logits + shift_2C1, logits)
    counted_2C1 = (targets_2C != IGNORE).to(logits.dtype)[..., None]
    chosen_2C1 = targets_2C.clamp(min=0)[..., None]
    z_2C1 = torch.logsumexp(logits, -1, keepdim=True)
    p = torch.exp(logits - z_2C1)
    difference_CV = p[0] - p[1]
    tv_C = 0.5 * difference_CV.abs().sum(-1)
    sign_2CV = torch.stack((difference_CV.sign(), -difference_CV.sign()))
    tv_grad = 0.5 * p * (sign_2CV - (p * sign_2CV).sum(-1, keepdim=True))
    hit = ids_V == chosen_2C1
    grad = counted_2C1 * ((1 + 2 * weights.z_loss * z_2C1) * p - hit.to(p.dtype))
    grad = grad + weights.beta * paired_C[None, :, None] * tv_grad
    nll_2C = (counted_2C1 * (z_2C1 - logits.gather(-1, chosen_2C1))).squeeze(-1)
    return _Chunk(nll_2C, tv_C, (counted_2C1 * z_2C1).squeeze(-1), grad.to(logits_2CV.dtype))


ChunkLosses = Callable[[Tensor, Tensor, Tensor, Weights, Tensor, int], _Chunk]


def fixed_objective(
    hidden_ND: Tensor,
    weight_VD: Tensor,
    targets_N: Tensor,
    pairs_K2: Tensor,
    weights: Weights,
    chunk: int,
    of_chunk: ChunkLosses = chunk_losses,
    ends: Ends | None = None,
) -> Losses:
    """What `mim_objective` gives, plus the z-loss.

    Args:
        hidden_ND: hidden states of all rows; N must be a multiple of 2 * `chunk`, or less.
        weight_VD: the tied embedding.
        targets_N: the token that each position predicts, or IGNORE.
        pairs_K2: positions (forward, backward) that predict the same token of the text.
        weights: of agreement and z-loss.
        chunk: places whose logits are held at once.
        of_chunk: `chunk_losses`, or what a compiler made of it.
        ends: where <eom> is possible; None: everywhere.
    """
    placed = places(targets_N, pairs_K2)
    ends = ends or Ends(IGNORE, torch.zeros(len(targets_N), device=targets_N.device))
    arguments = (hidden_ND, weight_VD, targets_N, ends, placed, weights, chunk, of_chunk)
    loss, nll_N, tv_P = _FixedObjective.apply(*arguments, torch.is_grad_enabled())  # type: ignore[no-untyped-call]
    return Losses(loss, nll_N, tv_P[: len(pairs_K2)])


class _FixedObjective(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden_ND: Tensor,
        weight_VD: Tensor,
        targets_N: Tensor,
        ends: Ends,
        placed: Places,
        weights: Weights,
        chunk: int,
        of_chunk: ChunkLosses,
        learns: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        device = hidden_ND.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden_ND.dtype
        hidden, weight = hidden_ND.to(dtype), weight_VD.to(dtype)
        grad_hidden_ND, grad_weight_VD = torch.empty_like(hidden_ND), torch.zeros_like(weight_VD)
        sum_dtype = torch.promote_types(hidden_ND.dtype, torch.float32)
        nll_N = torch.empty(len(targets_N), device=hidden_ND.device, dtype=sum_dtype)
        z_sum = torch.zeros((), device=hidden_ND.device, dtype=sum_dtype)
        tv = []
        for index_2C, paired_C in zip(
            torch.split(placed.order_2P, chunk, 1), torch.split(placed.paired_P, chunk), strict=True
        ):
            flat = index_2C.reshape(-1)
            part = hidden[flat]
            logits_2CV = (part @ weight.T).view(*index_2C.shape, -1)
            shift_2C1 = ends.shift_N[index_2C][..., None]
            got = of_chunk(logits_2CV, targets_N[index_2C], paired_C, weights, shift_2C1, ends.eom)
            nll_N[flat] = got.nll_2C.flatten()
            tv.append(got.tv_C)
            z_sum += (got.z_2C**2).sum()
            if learns:
                grad = got.grad_logits_2CV.flatten(0, 1)
                grad_hidden_ND[flat] = (grad @ weight).to(grad_hidden_ND.dtype)
                grad_weight_VD += grad.T @ part
        n_targets = (targets_N != IGNORE).sum().clamp(min=1)
        tv_P = torch.cat(tv)
        loss = (nll_N.sum() + weights.beta * (placed.paired_P * tv_P).sum() + weights.z_loss * z_sum) / n_targets
        if learns:
            ctx.save_for_backward(grad_hidden_ND / n_targets, grad_weight_VD / n_targets)
        ctx.mark_non_differentiable(nll_N, tv_P)
        return loss, nll_N, tv_P

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad_hidden_ND, grad_weight_VD = ctx.saved_tensors
        return grad_hidden_ND * grads[0], grad_weight_VD * grads[0], *[None] * 7
