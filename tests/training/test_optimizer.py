from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import AdamW, Muon

from mim_lsp.training.optimizer import clip_gradients, learning_rate_factor, make_optimizers, set_learning_rate
from mim_lsp.training.recipes import find_recipe
from tests.tiny import tiny_model

RECIPE = find_recipe("smoke")


def test_every_parameter_is_in_exactly_one_group() -> None:
    model = tiny_model()
    optimizers = make_optimizers(model, RECIPE, bf16=True)
    grouped = [id(p) for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]]
    assert sorted(grouped) == sorted(map(id, model.parameters()))


def test_matrices_of_the_blocks_are_muons() -> None:
    model = tiny_model()
    muon, adamw = make_optimizers(model, RECIPE, bf16=True)
    assert isinstance(muon, Muon)
    assert isinstance(adamw, AdamW)
    by_muon = {id(p) for group in muon.param_groups for p in group["params"]}
    names = {name for name, p in model.named_parameters() if id(p) in by_muon}
    assert len(names) == 7 * 2
    assert all(name.startswith("blocks.") and "norm" not in name for name in names)


def test_embedding_and_norms_do_not_decay() -> None:
    muon, adamw = make_optimizers(tiny_model(), RECIPE, bf16=True)
    assert {group["weight_decay"] for group in adamw.param_groups} == {0.0}
    assert {group["weight_decay"] for group in muon.param_groups} == {RECIPE.weight_decay}


def test_rates_are_set_from_their_peaks() -> None:
    optimizers = make_optimizers(tiny_model(), RECIPE, bf16=True)
    for factor in (0.25, 0.5):
        set_learning_rate(optimizers, factor)
        rates = [{group["lr"] for group in optimizer.param_groups} for optimizer in optimizers]
        assert rates == [{RECIPE.matrix_lr * factor}, {RECIPE.other_lr * factor}]


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(0, 0), (0.05, 0.5), (0.1, 1), (0.5, 1), (0.6, 1), (0.8, 0.5), (0.9, 0.25), (1, 0), (1.2, 0), (-0.1, 0)],
)
def test_the_rate_rises_stays_and_falls_to_zero(progress: float, factor: float) -> None:
    assert learning_rate_factor(progress, replace(RECIPE, warm_up=0.1, decay=0.4)) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("progress", "factor"), [(0, 0), (0.1, 0.5), (0.2, 1), (0.6, 0.55), (0.4, 0.1 + 0.9 * 0.853553), (1, 0.1)]
)
def test_the_papers_rate_falls_along_a_cosine_to_a_tenth(progress: float, factor: float) -> None:
    recipe = replace(RECIPE, warm_up=0.2, decay=0.8, schedule="cosine", last_lr=0.1)
    assert learning_rate_factor(progress, recipe) == pytest.approx(factor, rel=1e-5)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["straight", "cosine"]))
def test_the_rate_is_a_share_of_the_peak_and_ends_at_zero(
    progress: float, warm_up: float, decay: float, schedule: Literal["straight", "cosine"]
) -> None:
    recipe = replace(RECIPE, warm_up=warm_up, decay=decay, schedule=schedule)
    assert 0 <= learning_rate_factor(progress, recipe) <= 1
    if decay:
        assert learning_rate_factor(1.0, recipe) == 0


def test_no_warm_up_and_no_decay_is_a_constant_rate() -> None:
    recipe = replace(RECIPE, warm_up=0, decay=0)
    assert [learning_rate_factor(progress, recipe) for progress in (0, 0.5, 1)] == [1, 1, 1]


def test_matrices_can_learn_with_adamw_too() -> None:
    recipe = replace(RECIPE, optimizer="adamw", adam_eps=1e-8, lr_scale=0.5)
    matrices, rest = make_optimizers(tiny_model(), recipe, bf16=True)
    assert isinstance(matrices, AdamW)
    group = matrices.param_groups[0]
    assert (group["weight_decay"], group["eps"], group["betas"]) == (RECIPE.weight_decay, 1e-8, (0.9, 0.95))
    assert (group["peak_lr"], rest.param_groups[0]["peak_lr"]) == (RECIPE.matrix_lr / 2, RECIPE.other_lr / 2)


def test_gradients_are_clipped_to_a_global_norm() -> None:
    model = tiny_model()
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.5)
    norm = clip_gradients(model, 1.0)
    assert norm == pytest.approx(0.5 * model.config.n_parameters**0.5)
    assert sum(float((p.grad**2).sum()) for p in model.parameters()) == pytest.approx(1.0, rel=1e-4)
    assert clip_gradients(model, 2.0) == pytest.approx(1.0, rel=1e-4)
    assert sum(float((p.grad**2).sum()) for p in model.parameters()) == pytest.approx(1.0, rel=1e-4)
