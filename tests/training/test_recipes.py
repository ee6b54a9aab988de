from __future__ import annotations

import pytest

from mim_lsp.errors import SettingsError
from mim_lsp.training.recipes import RECIPES, Recipe, find_recipe


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_recipe_is_found_by_its_name(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.name == name
    assert recipe.model_name == f"mim-py-{name}"


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"unknown recipe 'nan'.*nano, nano-ar, nano-fim.*smoke"):
        find_recipe("nan")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_special_tokens_leave_room_for_text(recipe: Recipe) -> None:
    assert recipe.config.n_text_tokens >= 256 + 500
    assert recipe.warm_up + recipe.decay <= 1


def test_nano_is_small() -> None:
    assert 6e6 < find_recipe("nano").config.n_parameters < 12e6
