from __future__ import annotations

import pytest
import torch
from torch.optim import Muon

from mim_lsp.training import muon
from mim_lsp.training.muon import GroupedMuon, orthogonalized

SETTINGS = {"lr": 0.01, "momentum": 0.95, "weight_decay": 0.1}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("together", [1, 10**6])
def test_updates_are_those_of_torch_but_for_rounding(
    dtype: torch.dtype, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(muon, "MOST_TOGETHER", together)
    torch.manual_seed(1)
    starts = [torch.randn(shape) for shape in ((12, 30), (30, 12), (16, 16), (30, 12), (12, 30))]
    steps = [[torch.randn_like(start) for start in starts] for _ in range(4)]
    after = []
    for kind, more in ((Muon, {"adjust_lr_fn": "match_rms_adamw"}), (GroupedMuon, {"dtype": dtype})):
        parameters = [torch.nn.Parameter(start.clone()) for start in starts]
        optimizer = kind(parameters, **SETTINGS, **more)
        for grads in steps:
            for parameter, grad in zip(parameters, grads, strict=True):
                parameter.grad = grad.clone()
            optimizer.step()
        after.append([parameter.detach() for parameter in parameters])
    for start, theirs, ours in zip(starts, *after, strict=True):
        moved = (theirs - start).norm()
        assert moved > 0.01
        assert (theirs - ours).norm() < 0.02 * moved


def test_singular_values_come_close_to_one() -> None:
    torch.manual_seed(2)
    made = orthogonalized(torch.randn(3, 40, 24), (3.4445, -4.775, 2.0315), 5, 1e-7)
    values = torch.linalg.svdvals(made)
    assert 0.5 < values.min() <= values.max() < 1.3


def test_a_parameter_without_gradient_stays() -> None:
    parameter = torch.nn.Parameter(torch.ones(3, 4))
    GroupedMuon([parameter], dtype=torch.float32, **SETTINGS).step()
    assert torch.equal(parameter, torch.ones(3, 4))
