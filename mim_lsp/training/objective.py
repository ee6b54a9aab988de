"""The training objective (paper Sec. 3.1, eq. 1): both directions' negative log-likelihood plus their disagreement.

    loss = sum of -log ->p(x_i) - log <-p(x_i) + beta * TV(->p_i, <-p_i),   TV(p, q) = 1/2 * sum_z |p(z) - q(z)|

The gradient of TV flows into both directions. `FusedObjective` never holds the softmax of more than one chunk of
tokens; its gradients are written out by hand and tested against autograd on the plain formula.

Shape legend: N flattened token positions, D width, V vocabulary, K aligned pairs, C positions of one chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mim_lsp.model.config import ModelConfig

IGNORE = -1
"""Target of a position that predicts nothing, such as padding; no aligned pair has it."""

CHUNK = 512
"""Positions whose logits are held at once; 512 x 16,384 bf16 logits stay in a CPU's last-level cache."""


@dataclass(frozen=True)
class Losses:
    """What one batch gave, before any reduction."""

    loss: Tensor
    """Scalar with gradient: (sum of NLL + beta * sum of TV) / number of targets."""
    nll_N: Tensor
    """NLL of each position in nats, at least in float32; 0 where the target is IGNORE."""
    tv_K: Tensor
    """Total variation of each aligned pair, between 0 and 1."""


@dataclass(frozen=True)
class Ends:
    """Where <eom> has a probability: as at inference, none before a hole, or in a text without one.

    A row does not tell where its hole begins; learned at every position, <eom> would be one line's end among many.
    """

    eom: int
    shift_N: Tensor
    """Nats that are added to its logit: the model's `end_bias` where a middle may be finished, else minus infinity."""

    @classmethod
    def of(cls, config: ModelConfig, may_end_N: Tensor) -> Ends:
        """Those of a batch whose middles may be finished behind some positions."""
        return cls(config.special.eom, torch.where(may_end_N, config.end_bias, -torch.inf))


def mim_objective(
    hidden_ND: Tensor, weight_VD: Tensor, targets_N: Tensor, pairs_K2: Tensor, beta: float, ends: Ends | None = None
) -> Losses:
    """Both directions' NLL and, at the aligned pairs, `beta` times their total variation.

    Args:
        hidden_ND: hidden states of all rows, forward and backward.
        weight_VD: the tied embedding.
        targets_N: the token that each position predicts, or IGNORE.
        pairs_K2: positions (forward, backward) that predict the same token of the text; no position occurs twice.
        beta: weight of the agreement; 0.1 in the paper.
        ends: where <eom> is possible; None: everywhere.
    """
    # Inside an autograd function gradients are always off: whether they are wanted must be asked out here.
    arguments = (hidden_ND, weight_VD, targets_N, pairs_K2, beta, ends, torch.is_grad_enabled())
    loss, nll_N, tv_K = FusedObjective.apply(*arguments)  # type: ignore[no-untyped-call]
    return Losses(loss, nll_N, tv_K)


class FusedObjective(torch.autograd.Function):
    """Computes loss and, where they are wanted, gradients chunk by chunk in the forward pass."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden_ND: Tensor,
        weight_VD: Tensor,
        targets_N: Tensor,
        pairs_K2: Tensor,
        beta: float,
        ends: Ends | None,
        learns: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See `mim_objective`."""
        work = _Accumulator(hidden_ND, weight_VD, targets_N, beta, ends, learns)
        tv_K = work.add_pairs(pairs_K2)
        alone_N = targets_N != IGNORE
        alone_N[pairs_K2.flatten()] = False
        for index_C in torch.split(alone_N.nonzero().squeeze(1), CHUNK):
            work.add(index_C, work.probabilities(index_C))
        n_targets = (targets_N != IGNORE).sum().clamp(min=1)
        if learns:
            ctx.save_for_backward(work.grad_hidden_ND / n_targets, work.grad_weight_VD / n_targets)
        loss = (work.nll_N.sum() + beta * tv_K.sum()) / n_targets
        ctx.mark_non_differentiable(work.nll_N, tv_K)
        return loss, work.nll_N, tv_K

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Scale what the forward pass left."""
        grad_hidden_ND, grad_weight_VD = ctx.saved_tensors
        return grad_hidden_ND * grads[0], grad_weight_VD * grads[0], None, None, None, None, None


class _Accumulator:
    """Gradients and per-position losses, summed over chunks."""

    def __init__(
        self,
        hidden_ND: Tensor,
        weight_VD: Tensor,
        targets_N: Tensor,
        beta: float,
        ends: Ends | None,
        learns: bool,
    ) -> None:
        autocast = torch.is_autocast_enabled(hidden_ND.device.type)
        self.dtype = torch.get_autocast_dtype(hidden_ND.device.type) if autocast else hidden_ND.dtype
        self.hidden_ND, self.weight_VD = hidden_ND.to(self.dtype), weight_VD.to(self.dtype)
        self.targets_N, self.beta, self.ends, self.learns = targets_N, beta, ends, learns
        self.grad_hidden_ND = torch.zeros_like(hidden_ND)
        self.grad_weight_VD = torch.zeros_like(weight_VD)
        self.sum_dtype = torch.promote_types(hidden_ND.dtype, torch.float32)
        self.nll_N = torch.zeros(len(hidden_ND), dtype=self.sum_dtype, device=hidden_ND.device)

    def probabilities(self, index_C: Tensor) -> Tensor:
        """Softmax of the logits at some positions, (C, V)."""
        logits_CV = self.hidden_ND[index_C] @ self.weight_VD.T
        if self.ends is not None:
            logits_CV[:, self.ends.eom] += self.ends.shift_N[index_C]
        return torch.softmax(logits_CV, dim=-1)

    def add(self, index_C: Tensor, p_CV: Tensor, sign_CV: Tensor | None = None) -> None:
        """Add the NLL and the gradient of some positions; `sign_CV` is that of p's differences from its pair's."""
        target_C1 = self.targets_N[index_C, None]
        chosen_C1 = p_CV.gather(1, target_C1).to(self.sum_dtype).clamp(min=1e-30)
        self.nll_N[index_C] = -chosen_C1.log().squeeze(1)
        if not self.learns:
            return
        grad_CV = p_CV if sign_CV is None else p_CV + self.beta * self.tv_gradient(p_CV, sign_CV)
        grad_CV.scatter_add_(1, target_C1, torch.full_like(target_C1, -1, dtype=grad_CV.dtype))
        self.grad_hidden_ND[index_C] = (grad_CV @ self.weight_VD).to(self.grad_hidden_ND.dtype)
        self.grad_weight_VD += grad_CV.T @ self.hidden_ND[index_C]

    def add_pairs(self, pairs_K2: Tensor) -> Tensor:
        """Add aligned pairs, agreement included; returns their TV."""
        tv = []
        for pair_C2 in torch.split(pairs_K2, CHUNK // 2):
            forward_C, backward_C = pair_C2.unbind(1)
            p_CV, q_CV = self.probabilities(forward_C), self.probabilities(backward_C)
            difference_CV = p_CV - q_CV
            tv.append(0.5 * difference_CV.abs().sum(1, dtype=self.sum_dtype))
            sign_CV = difference_CV.sign_()
            self.add(forward_C, p_CV, sign_CV)
            self.add(backward_C, q_CV, sign_CV.neg_())
        return torch.cat(tv)

    def tv_gradient(self, p_CV: Tensor, sign_CV: Tensor) -> Tensor:
        """d(1/2 * sum_z sign_z * p_z) / d(logits of p), by the softmax's Jacobian."""
        mean_C1 = (p_CV * sign_CV).sum(1, keepdim=True, dtype=self.sum_dtype).to(p_CV.dtype)
        return 0.5 * p_CV * (sign_CV - mean_C1)
