from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mim_lsp.model.config import ModelConfig
from mim_lsp.training import objective
from mim_lsp.training.objective import IGNORE, Ends, mim_objective

NO_PAIRS = torch.empty(0, 2, dtype=torch.int64)

# Two positions over a vocabulary of three, whose logits are the logarithms of these.
P = torch.tensor([1 / 2, 1 / 4, 1 / 4], dtype=torch.float64)
Q = torch.tensor([1 / 4, 1 / 4, 1 / 2], dtype=torch.float64)
IDENTITY = torch.eye(3, dtype=torch.float64)


def plain_loss(
    hidden_ND: Tensor,
    weight_VD: Tensor,
    targets_N: Tensor,
    pairs_K2: Tensor,
    beta: float,
    ends: Ends | None = None,
) -> Tensor:
    """The formula as it is written down, for autograd."""
    logits_NV = hidden_ND @ weight_VD.T
    if ends is not None:
        is_eom_V = torch.arange(len(weight_VD)) == ends.eom
        logits_NV = torch.where(is_eom_V, logits_NV + ends.shift_N[:, None].clamp(min=-1e9), logits_NV)
    probabilities_NV = torch.softmax(logits_NV, dim=-1)
    nll = F.cross_entropy(logits_NV, targets_N, ignore_index=IGNORE, reduction="sum")
    p_KV, q_KV = probabilities_NV[pairs_K2[:, 0]], probabilities_NV[pairs_K2[:, 1]]
    return (nll + beta * 0.5 * (p_KV - q_KV).abs().sum()) / (targets_N != IGNORE).sum()


def problem(n: int, n_pairs: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Hidden states, weight, targets of which each fifth is IGNORE, and pairs of positions that have the same one."""
    generator = torch.Generator().manual_seed(n)
    hidden_ND = torch.randn(n, 5, generator=generator, dtype=dtype)
    weight_VD = torch.randn(7, 5, generator=generator, dtype=dtype)
    targets_N = torch.randint(0, 7, (n,), generator=generator)
    targets_N[::5] = IGNORE
    counted = (targets_N != IGNORE).nonzero().squeeze(1)
    pairs_K2 = counted[torch.randperm(len(counted), generator=generator)][: 2 * n_pairs].reshape(-1, 2)
    assert len(pairs_K2) == n_pairs
    targets_N[pairs_K2[:, 1]] = targets_N[pairs_K2[:, 0]]
    return hidden_ND.requires_grad_(), weight_VD.requires_grad_(), targets_N, pairs_K2


def some_ends(targets_N: Tensor) -> Ends:
    """Token 3 as <eom>, possible where it is the target, and at every third position, and made likelier there."""
    may_end_N = (targets_N == 3) | (torch.arange(len(targets_N)) % 3 == 0)
    return Ends(3, torch.where(may_end_N, 1.5, -math.inf))


def test_ends_are_made_likelier_by_the_bias_of_the_model() -> None:
    config = ModelConfig(end_bias=1.5)
    ends = Ends.of(config, torch.tensor([True, False]))
    assert (ends.eom, ends.shift_N.tolist()) == (config.special.eom, [1.5, -math.inf])


def by_hand(beta: float) -> tuple[objective.Losses, Tensor]:
    """The losses of the pair P, Q whose token is the first of three, and the leaf whose gradient is looked at."""
    hidden = torch.stack([P, Q]).log().requires_grad_()
    losses = mim_objective(hidden, IDENTITY, torch.tensor([0, 0]), torch.tensor([[0, 1]]), beta)
    losses.loss.backward()
    return losses, hidden


def test_losses_by_hand() -> None:
    losses, _ = by_hand(beta=0.5)
    # -log 1/2 and -log 1/4; TV = 1/2 * (1/4 + 0 + 1/4)
    torch.testing.assert_close(losses.nll_N, torch.tensor([math.log(2), math.log(4)], dtype=torch.float64))
    torch.testing.assert_close(losses.tv_K, torch.tensor([0.25], dtype=torch.float64))
    assert float(losses.loss.detach()) == pytest.approx((math.log(2) + math.log(4) + 0.5 * 0.25) / 2)


def test_gradient_by_hand() -> None:
    _, hidden = by_hand(beta=2.0)
    # d NLL / d logits = p - (1, 0, 0). With s = sign(p - q) = (1, 0, -1):
    # d TV / d logits of p = 1/2 * p * (s - p.s), p.s = 1/4, and of q = -1/2 * q * (s - q.s), q.s = -1/4
    nll = torch.tensor([[-0.5, 0.25, 0.25], [-0.75, 0.25, 0.5]])
    tv = torch.tensor([[0.1875, -0.03125, -0.15625], [-0.15625, -0.03125, 0.1875]])
    assert hidden.grad is not None
    torch.testing.assert_close(hidden.grad, ((nll + 2.0 * tv) / 2).double())


def test_agreement_pulls_both_directions_together() -> None:
    _, without = by_hand(beta=0.0)
    _, with_agreement = by_hand(beta=1.0)
    assert without.grad is not None
    assert with_agreement.grad is not None
    pull = without.grad - with_agreement.grad  # a step against the gradient of the agreement alone
    p, q = torch.softmax(torch.stack([P, Q]).log() + pull, dim=-1)
    assert (p - q).abs().sum() < (P - Q).abs().sum()
    assert not torch.allclose(p, P)
    assert not torch.allclose(q, Q)


@pytest.mark.parametrize(("beta", "n_pairs"), [(0.1, 3), (2.0, 3), (0.0, 3), (0.1, 0)])
def test_gradient_is_that_of_finite_differences(beta: float, n_pairs: int) -> None:
    hidden_ND, weight_VD, targets_N, pairs_K2 = problem(9, n_pairs)

    def loss(hidden_ND: Tensor, weight_VD: Tensor) -> Tensor:
        return mim_objective(hidden_ND, weight_VD, targets_N, pairs_K2, beta).loss

    assert torch.autograd.gradcheck(loss, (hidden_ND, weight_VD), eps=1e-6, atol=1e-8)


@pytest.mark.parametrize("n", [2, 10, 11, 12, 15, 16, 40])
@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_equals_autograd_on_the_plain_formula_at_all_chunk_boundaries(
    n: int, beta: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objective, "CHUNK", 4)
    for n_pairs in sorted({0, min(1, (n - 1) // 3), (n - 1) // 3}):
        arguments = problem(n, n_pairs)
        hidden_ND, weight_VD, _, pairs_K2 = arguments
        expected = plain_loss(*arguments, beta)
        expected_gradients = torch.autograd.grad(expected, (hidden_ND, weight_VD))
        losses = mim_objective(*arguments, beta)
        torch.testing.assert_close(losses.loss, expected)
        assert losses.tv_K.shape == (len(pairs_K2),)
        torch.testing.assert_close(torch.autograd.grad(losses.loss, (hidden_ND, weight_VD)), expected_gradients)


@pytest.mark.parametrize(("n", "n_pairs"), [(11, 0), (40, 12)])
def test_where_no_middle_can_end_the_end_has_no_probability(
    n: int, n_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objective, "CHUNK", 4)
    arguments = problem(n, n_pairs)
    ends = some_ends(arguments[2])
    assert set(ends.shift_N.tolist()) == {1.5, -math.inf}
    expected = plain_loss(*arguments, 0.3, ends)
    losses = mim_objective(*arguments, 0.3, ends)
    torch.testing.assert_close(losses.loss, expected)
    assert not torch.allclose(losses.loss, mim_objective(*arguments, 0.3).loss)
    gradients = [torch.autograd.grad(loss, arguments[:2]) for loss in (losses.loss, expected)]
    torch.testing.assert_close(*gradients)


def test_float32_equals_the_plain_formula() -> None:
    arguments = problem(600, 200, torch.float32)  # several chunks of the real size
    expected = torch.autograd.grad(plain_loss(*arguments, 0.1), arguments[:2])
    losses = mim_objective(*arguments, 0.1)
    torch.testing.assert_close(torch.autograd.grad(losses.loss, arguments[:2]), expected, rtol=1e-4, atol=1e-7)


def test_positions_without_a_target_count_for_nothing() -> None:
    hidden_ND, weight_VD, targets_N, pairs_K2 = problem(20, 4)
    losses = mim_objective(hidden_ND, weight_VD, targets_N, pairs_K2, 0.1)
    losses.loss.backward()
    ignored = targets_N == IGNORE
    assert ignored.sum() == 4
    assert (losses.nll_N[ignored] == 0).all()
    assert (losses.nll_N[~ignored] > 0).all()
    assert hidden_ND.grad is not None
    assert (hidden_ND.grad[ignored] == 0).all()
    assert (hidden_ND.grad[~ignored] != 0).any(1).all()


def test_nothing_to_predict_is_no_loss() -> None:
    hidden_ND, weight_VD, *_ = problem(4, 0)
    losses = mim_objective(hidden_ND, weight_VD, torch.full((4,), IGNORE), NO_PAIRS, 0.1)
    losses.loss.backward()
    assert float(losses.loss.detach()) == 0
    assert hidden_ND.grad is not None
    assert (hidden_ND.grad == 0).all()


def test_without_beta_the_agreement_is_measured_but_not_learned() -> None:
    hidden_ND, weight_VD, targets_N, pairs_K2 = problem(20, 5)
    losses = mim_objective(hidden_ND, weight_VD, targets_N, pairs_K2, 0.0)
    assert (losses.tv_K > 0.05).all()
    expected = F.cross_entropy(hidden_ND @ weight_VD.T, targets_N, ignore_index=IGNORE)
    torch.testing.assert_close(losses.loss, expected)
    gradients = [torch.autograd.grad(loss, (hidden_ND, weight_VD)) for loss in (losses.loss, expected)]
    torch.testing.assert_close(*gradients)


def test_total_variation_lies_between_0_and_1() -> None:
    hidden = torch.tensor([[100.0, 0, 0], [0, 100.0, 0], [0, 100.0, 0]])
    losses = mim_objective(hidden, torch.eye(3), torch.tensor([1, 1, 1]), torch.tensor([[0, 1]]), 0.1)
    torch.testing.assert_close(losses.tv_K, torch.tensor([1.0]))
    same = mim_objective(hidden, torch.eye(3), torch.tensor([1, 1, 1]), torch.tensor([[2, 1]]), 0.1)
    assert float(same.tv_K) == 0
    assert losses.loss.isfinite()  # although the token has a probability of 0 in the first


def test_the_gradient_is_scaled_by_what_is_done_with_the_loss() -> None:
    hidden_ND, weight_VD, targets_N, pairs_K2 = problem(12, 3)
    losses = mim_objective(hidden_ND, weight_VD, targets_N, pairs_K2, 0.1)
    (three,) = torch.autograd.grad(3 * losses.loss, hidden_ND, retain_graph=True)
    (one,) = torch.autograd.grad(losses.loss, hidden_ND)
    torch.testing.assert_close(three, 3 * one)


def test_bf16_autocast_is_close_to_float32() -> None:
    hidden_ND, weight_VD, targets_N, pairs_K2 = problem(300, 100, torch.float32)
    exact = mim_objective(hidden_ND, weight_VD, targets_N, pairs_K2, 0.1)
    exact_gradient = torch.autograd.grad(exact.loss, weight_VD)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = mim_objective(hidden_ND, weight_VD, targets_N, pairs_K2, 0.1)
    rounded_gradient = torch.autograd.grad(rounded.loss, weight_VD)[0]
    assert rounded.nll_N.dtype == rounded.tv_K.dtype == rounded_gradient.dtype == torch.float32
    torch.testing.assert_close(rounded.loss, exact.loss, rtol=5e-3, atol=0)
    assert not torch.equal(rounded.loss, exact.loss)  # it was bf16 indeed
    assert F.cosine_similarity(rounded_gradient.flatten(), exact_gradient.flatten(), dim=0) > 0.999
