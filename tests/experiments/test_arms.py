"""The arms are what they say: commands that there are, and the same work for each."""

from __future__ import annotations

import pytest

from experiments.arms import SUITES, Arm
from mim_lsp.cli.parser import build_parser
from mim_lsp.training.recipe import Recipe
from mim_lsp.training.recipes import find_recipe
from mim_lsp.training.settings import with_settings

ARMS = [arm for suite in SUITES.values() for arm in suite]


def recipe(arm: Arm) -> Recipe:
    """What the arm's command trains."""
    args = build_parser().parse_args(arm.command("corpus", "out"))
    return with_settings(find_recipe(args.recipe), args.settings)


@pytest.mark.parametrize("arm", ARMS, ids=lambda arm: arm.name)
def test_all_steps_have_the_same_number_of_rows(arm: Arm) -> None:
    asked = recipe(arm)
    assert asked.examples_per_step * asked.n_directions == pytest.approx(32, abs=0.5)
    assert f"{asked.config.n_parameters / 1e6:.1f}M" == arm.shape.name


def test_names_are_unique() -> None:
    assert len({arm.name for arm in ARMS}) == len(ARMS)


def test_what_can_fill_holes_has_learned_it() -> None:
    for arm in ARMS:
        asked = recipe(arm)
        knows_far_sides = asked.objective == "fim" or (asked.objective == "mim" and asked.infill_rate > 0)
        assert arm.decode != "infill" or knows_far_sides
        assert (arm.decode == "streams") == (asked.objective == "mim" and not asked.infill_rate)
        assert (arm.decode is None) == (asked.objective == "ar" or arm in SUITES["sizes"])
