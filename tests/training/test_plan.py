from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mim_lsp.cli import main
from mim_lsp.training.flops import matrix_weights
from mim_lsp.training.plan import Plan, plan_lines
from mim_lsp.training.recipes import RECIPES, find_recipe

PAGE = Path(__file__).parents[2] / "docs" / "training" / "plan.md"
NAMED = ("nano", "small", "base", "paper-350m", "paper-1.3b", "paper-2.7b")


def test_the_papers_runs_are_300_billion_tokens_in_each_direction() -> None:
    for name in NAMED[3:]:
        assert Plan(find_recipe(name)).tokens == pytest.approx(2 * 300e9, rel=0.01)


@pytest.mark.parametrize(("name", "millions"), [("paper-350m", 350), ("paper-1.3b", 1300), ("paper-2.7b", 2700)])
def test_the_papers_models_have_about_its_sizes(name: str, millions: float) -> None:
    assert find_recipe(name).config.n_parameters / 1e6 == pytest.approx(millions, rel=0.13)


def test_days_by_hand() -> None:
    recipe = replace(find_recipe("paper-350m"), lengths=(1.0,))
    config, tokens = recipe.config, 382_000 * 768 * 2048
    per_token = 6 * matrix_weights(config) + 6 * 24 * 1024 * 2048
    assert Plan(recipe).days(4) == pytest.approx(tokens * per_token / (4 * 0.4 * 989e12) / 86_400)


def test_long_windows_weigh_more_in_what_a_token_attends_to() -> None:
    nano = find_recipe("nano")
    halves, mixed = (replace(nano, lengths=lengths) for lengths in ((0.5,), (0.75, 0.25)))
    weights = 6 * matrix_weights(nano.config)
    attended = [(Plan(recipe).flops_per_token - weights) for recipe in (halves, mixed)]
    # Of 1,024 tokens in windows of 384 and 128, three quarters attend as in 384: (0.75 * 384 + 0.25 * 128) / 256.
    assert attended[1] / attended[0] == pytest.approx(320 / 256)


def test_states_by_hand() -> None:
    nano = find_recipe("nano").config
    matrices = nano.n_parameters - nano.vocab_size * 256 - 13 * 256
    adam = nano.n_parameters - matrices
    plan = Plan(find_recipe("nano"))
    assert plan.state_bytes() == 4 * (2 * nano.n_parameters + matrices + 2 * adam)
    assert Plan(replace(plan.recipe, optimizer="adamw")).state_bytes() == 16 * nano.n_parameters
    assert plan.gpu_bytes(1, sharded=False) - plan.gpu_bytes(8, sharded=True) == pytest.approx(
        plan.state_bytes() * 7 / 8
    )
    many = Plan(
        replace(plan.recipe, micro_batches=16)
    )  # so that each of eight learns from two before gradients are shared
    assert many.gpu_bytes(8, sharded=True) - plan.gpu_bytes(8, sharded=True) == 4 * nano.n_parameters * 7 / 8


def test_recomputing_and_smaller_parts_need_less() -> None:
    base = find_recipe("base")
    whole, parts, recomputed = (
        Plan(recipe) for recipe in (base, replace(base, rows=16, micro_batches=4), replace(base, recompute=True))
    )
    assert parts.tokens_per_step == whole.tokens_per_step
    assert parts.kept_bytes() == whole.kept_bytes() / 2
    assert recomputed.kept_bytes() < whole.kept_bytes() / 5


def test_the_page_has_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "\n".join(plan_lines([RECIPES[name] for name in NAMED])) in page
    assert main(["train", "base", "--plan", "--set", "rows=8"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == plan_lines([replace(find_recipe("base"), rows=8)])
