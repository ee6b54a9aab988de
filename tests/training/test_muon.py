from __future__ import annotations

import pytest
import torch
from torch.optim import Muon

from mim_lsp.training.muon import Float32Muon, orthogonalized

SETTINGS = {"lr": 0.01, "momentum": 0.95, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"}


@pytest.mark.parametrize("shape", [(12, 30), (30, 12), (16, 16)])
def test_updates_are_those_of_torch_but_for_rounding(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    start, grads = torch.randn(shape), [torch.randn(shape) for _ in range(4)]
    after = []
    for kind in (Muon, Float32Muon):
        parameter = torch.nn.Parameter(start.clone())
        optimizer = kind([parameter], **SETTINGS)
        for grad in grads:
            parameter.grad = grad.clone()
            optimizer.step()
        after.append(parameter.detach())
    moved = (after[0] - start).norm()
    assert moved > 0.01
    assert (after[0] - after[1]).norm() < 0.02 * moved


def test_singular_values_come_close_to_one() -> None:
    torch.manual_seed(2)
    made = orthogonalized(torch.randn(40, 24), (3.4445, -4.775, 2.0315), 5, 1e-7)
    values = torch.linalg.svdvals(made)
    assert 0.5 < values.min() <= values.max() < 1.3


def test_a_parameter_without_gradient_stays() -> None:
    parameter = torch.nn.Parameter(torch.ones(3, 4))
    Float32Muon([parameter], **SETTINGS).step()
    assert torch.equal(parameter, torch.ones(3, 4))
