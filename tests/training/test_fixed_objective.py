from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mim_lsp.training.fixed_objective import Weights, fixed_objective, places
from mim_lsp.training.objective import IGNORE, mim_objective
from tests.training.test_objective import problem, some_ends

CASES = [(24, 0), (24, 4), (24, 9), (40, 16)]


@pytest.mark.parametrize(("n", "n_pairs"), CASES)
@pytest.mark.parametrize("chunk", [3, 4, 1000])
@pytest.mark.parametrize("has_ends", [False, True])
def test_losses_and_gradients_are_those_of_the_objective(n: int, n_pairs: int, chunk: int, has_ends: bool) -> None:
    found, expected = [], []
    for results, fixed in ((found, True), (expected, False)):
        hidden, weight, targets, pairs = problem(n, n_pairs)
        ends = some_ends(targets) if has_ends else None
        if fixed:
            losses = fixed_objective(hidden, weight, targets, pairs, Weights(0.7, 0.0), chunk, ends=ends)
        else:
            losses = mim_objective(hidden, weight, targets, pairs, 0.7, ends)
        (3 * losses.loss).backward()
        results += [losses.loss.detach(), losses.nll_N, losses.tv_K, hidden.grad, weight.grad]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_z_loss_is_the_squared_denominator() -> None:
    hidden, weight, targets, pairs = problem(24, 4)
    losses = fixed_objective(hidden, weight, targets, pairs, Weights(0.0, 0.3), 5)
    losses.loss.backward()
    ours = hidden.grad, weight.grad
    hidden, weight, targets, pairs = problem(24, 4)
    logits = hidden @ weight.T
    n_targets = (targets != IGNORE).sum()
    z = logits.logsumexp(-1)[targets != IGNORE]
    plain = (F.cross_entropy(logits, targets, ignore_index=IGNORE, reduction="sum") + 0.3 * (z**2).sum()) / n_targets
    plain.backward()
    torch.testing.assert_close(losses.loss, plain)
    torch.testing.assert_close(ours, (hidden.grad, weight.grad))


@pytest.mark.parametrize(("n", "n_pairs"), CASES)
def test_every_position_has_one_place_and_pairs_stand_together(n: int, n_pairs: int) -> None:
    _, _, targets, pairs = problem(n, n_pairs)
    placed = places(targets, pairs)
    assert sorted(placed.order_2P.flatten().tolist()) == list(range(n))
    assert torch.equal(placed.order_2P[:, :n_pairs].T, pairs)
    assert placed.paired_P.tolist() == [1.0] * n_pairs + [0.0] * (n // 2 - n_pairs)


def test_nothing_is_learned_where_nothing_is_asked() -> None:
    hidden, weight, targets, pairs = problem(24, 4)
    with torch.no_grad():
        losses = fixed_objective(hidden, weight, targets, pairs, Weights(0.7, 0.0), 5)
    assert not losses.loss.requires_grad
    torch.testing.assert_close(losses.loss, mim_objective(hidden, weight, targets, pairs, 0.7).loss.detach())


def test_bf16_is_close_and_sums_in_float32() -> None:
    hidden, weight, targets, pairs = problem(24, 4, torch.float32)
    exact = fixed_objective(hidden, weight, targets, pairs, Weights(0.7, 0.0), 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = fixed_objective(hidden, weight, targets, pairs, Weights(0.7, 0.0), 5)
    assert rounded.nll_N.dtype == torch.float32
    torch.testing.assert_close(rounded.loss, exact.loss, rtol=0.02, atol=0)
    assert not torch.equal(rounded.loss, exact.loss)
