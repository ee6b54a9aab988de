from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from mim_lsp.training.quantization.rounding import (
    choose_scales,
    compensate,
    move_to_inputs,
    round_to_int4,
    round_to_steps,
)


def correlated_inputs(K: int, tokens: int = 200) -> Tensor:
    """Inputs (tokens, K) of which some are much larger than others, and all say much of each other."""
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(K // 4, K, generator=generator) * torch.rand(K, generator=generator) * 3
    noise = 0.2 * torch.randn(tokens, K, generator=generator)
    return (torch.randn(tokens, K // 4, generator=generator) @ mixing + noise).double()


def weights(N: int, K: int) -> Tensor:
    return torch.randn(N, K, generator=torch.Generator().manual_seed(1))


def test_a_scale_may_be_negative_to_use_the_longer_side() -> None:
    weight_NK = torch.tensor([[8.0, -7.0, 1.0, 0.0], [-8.0, 7.0, 1.0, 0.0]])
    assert choose_scales(weight_NK, torch.ones(4), 4).tolist() == [[-1.0], [1.0]]


def test_each_group_of_a_row_has_its_own_scale() -> None:
    weight_NK = torch.tensor([[-4.0, 3.5, 0.5, 1.0, -16.0, 14.0, 2.0, 4.0]])
    scales_NG = choose_scales(weight_NK, torch.ones(8), 4)
    assert scales_NG.dtype == torch.float16
    assert scales_NG.tolist() == [[0.5, 2.0]]


def test_an_extreme_weight_of_no_importance_is_clipped() -> None:
    weight_NK = torch.tensor([[10.0, 0.6, 1.2, -1.8]])
    step = abs(float(choose_scales(weight_NK, torch.tensor([0.0, 1, 1, 1]), 4)))
    assert step < 0.8 * abs(float(choose_scales(weight_NK, torch.ones(4), 4)))


@pytest.mark.parametrize("value", [0.0, 1e-30, -1e30])
def test_scales_are_finite_and_not_zero(value: float) -> None:
    scales_NG = choose_scales(torch.full((2, 4), value), torch.ones(4), 4)
    assert scales_NG.isfinite().all()
    assert (scales_NG != 0).all()


def test_independent_inputs_leave_nothing_to_make_up_for() -> None:
    weight_NK, scales_NK = weights(3, 5).double(), torch.full((3, 5), 0.3, dtype=torch.float64)
    hessian_KK = torch.diag(torch.tensor([3.0, 1, 5, 4, 2], dtype=torch.float64))
    assert torch.equal(compensate(weight_NK, hessian_KK, scales_NK), round_to_steps(weight_NK, scales_NK))


def test_a_later_column_takes_over_an_error() -> None:
    # The second column goes first: its inputs are larger. 0.4 becomes 0, and the first, which is nearly the same
    # input, takes over about 0.4 * 1.8 / 2: 0.76, which becomes 1.
    hessian_KK = torch.tensor([[2.0, 1.8], [1.8, 2.2]], dtype=torch.float64)
    weight_NK = torch.tensor([[0.4, 0.4]], dtype=torch.float64)
    assert compensate(weight_NK, hessian_KK, torch.ones(1, 2, dtype=torch.float64)).tolist() == [[1.0, 0.0]]


def test_two_columns_of_a_row_are_rounded_as_well_as_can_be() -> None:
    hessian_KK = torch.tensor([[2.0, 1.5], [1.5, 2.2]], dtype=torch.float64)
    weight_NK = torch.rand(50, 2, generator=torch.Generator().manual_seed(2)).double() * 4

    def error(values: Tensor, weight: Tensor) -> float:
        return float((weight - values) @ hessian_KK @ (weight - values))

    found = compensate(weight_NK, hessian_KK, torch.ones(50, 2, dtype=torch.float64))
    steps = [torch.tensor(pair, dtype=torch.float64) for pair in product(range(-1, 6), repeat=2)]
    best = sum(min(error(pair, weight) for pair in steps) for weight in weight_NK)
    to_nearest = sum(error(weight.round(), weight) for weight in weight_NK)
    assert sum(map(error, found, weight_NK)) < best + 0.2 * (to_nearest - best)


@pytest.mark.parametrize(("K", "group"), [(96, 32), (128, 64)])  # fewer columns than a block, and more
def test_outputs_change_less_than_by_rounding_to_nearest(K: int, group: int) -> None:
    inputs, weight_NK = correlated_inputs(K), weights(10, K)
    hessian_KK = inputs.T @ inputs / len(inputs)
    values_NK, scales_NG = round_to_int4(weight_NK, hessian_KK, group)
    assert (values_NK.dtype, scales_NG.dtype) == (torch.int8, torch.float16)
    assert scales_NG.shape == (10, K // group)
    scales_NK = scales_NG.double().repeat_interleave(group, 1)
    nearest_NK = round_to_steps(weight_NK, scales_NK) * scales_NK
    found, nearest = (
        float(((weight_NK - rounded) @ inputs.T).square().mean()) for rounded in (values_NK * scales_NK, nearest_NK)
    )
    assert found < 0.4 * nearest
    assert (values_NK * scales_NK - weight_NK).abs().max() < 10 * scales_NK.abs().max()


def test_inputs_that_are_always_zero_do_no_harm() -> None:
    values_NK, scales_NG = round_to_int4(weights(3, 32), torch.zeros(32, 32, dtype=torch.float64), 32)
    assert scales_NG.isfinite().all()
    assert int(values_NK.min()) >= -8
    assert int(values_NK.max()) <= 7


def test_true_inputs_leave_a_matrix_where_it_is() -> None:
    inputs, weight_NK = correlated_inputs(8), weights(3, 8)
    hessian_KK = inputs.T @ inputs / len(inputs)
    assert torch.equal(move_to_inputs(weight_NK, hessian_KK, torch.zeros(8, 8, dtype=torch.float64)), weight_NK)


def test_a_matrix_makes_up_for_inputs_that_were_mixed_up() -> None:
    generator = torch.Generator().manual_seed(5)
    true, weight_NK = torch.randn(500, 8, generator=generator).double(), weights(3, 8)
    mixing = torch.eye(8) + 0.2 * torch.randn(8, 8, generator=generator)
    found = true @ mixing.double()
    hessian_KK, drift_KK = found.T @ found / 500, (true - found).T @ found / 500
    moved_NK = move_to_inputs(weight_NK, hessian_KK, drift_KK)
    before, after = (
        (found @ weight.double().T - true @ weight_NK.double().T).square().mean() for weight in (weight_NK, moved_NK)
    )
    assert float(after) < 0.1 * float(before)
