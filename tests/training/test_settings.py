from __future__ import annotations

import json
from pathlib import Path

import pytest

from mim_lsp.errors import ModelError, SettingsError
from mim_lsp.syntax.holes import HoleKind
from mim_lsp.training.recipes import RECIPES, Recipe, find_recipe
from mim_lsp.training.settings import RECIPE_FILE, read_recipe, with_settings, write_recipe

NANO = find_recipe("nano")


def test_settings_change_what_they_name_and_nothing_else() -> None:
    changed = with_settings(NANO, ["beta=0", "infill_rate=0.5", "rows=8", "lengths=1,0.5", "suffix_share=0.1,0.2"])
    assert (changed.beta, changed.infill_rate, changed.rows) == (0.0, 0.5, 8)
    assert (changed.windows.lengths, changed.windows.suffix_share) == ((1.0, 0.5), (0.1, 0.2))
    assert with_settings(changed, ["beta=0.1", "infill_rate=0.7", "rows=0", "lengths=1,0.5,0.25"]) == with_settings(
        NANO, ["suffix_share=0.1,0.2"]
    )
    assert with_settings(NANO, []) == NANO


def test_choices_flags_and_kinds_of_holes() -> None:
    changed = with_settings(
        NANO, ["objective=fim", "qk_norm=true", "optimizer=adamw", "hole_weights=block:1,rest_of_line:0.5"]
    )
    assert (changed.windows.objective, changed.qk_norm, changed.optimizer) == ("fim", True, "adamw")
    assert changed.windows.hole_weights == {HoleKind.BLOCK: 1.0, HoleKind.REST_OF_LINE: 0.5}


def test_the_shape_of_the_model_is_set_alike() -> None:
    config = with_settings(NANO, ["n_layers=3", "vocab_size=2048", "context_length=64"]).config
    assert (config.n_layers, config.context_length, config.n_text_tokens) == (3, 64, 2040)
    assert config.special.l2r == 2040


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("beta", "it is NAME=VALUE, and NAME one of"),
        ("name=x", "cannot set 'name=x'"),
        ("colour=red", "one of .*infill_rate.*n_layers"),
        ("beta=much", "cannot set beta to 'much'"),
        ("beta=-1", "number from 0"),
        ("beta=nan", "number from 0"),
        ("rows=1.5", "whole number"),
        ("qk_norm=maybe", "one of false, true"),
        ("objective=bert", "one of mim, ar, fim"),
        ("hole_weights=hole:1", "'hole' is not a valid HoleKind"),
        ("hole_weights=block:0", "one kind at least"),
        ("lengths=2", "shares of the context"),
        ("suffix_share=0.5,0.1", "two shares"),
        ("n_kv_heads=3", "must be a multiple"),
        ("vocab_size=4", "special tokens"),
    ],
)
def test_a_setting_that_cannot_be_is_an_error(setting: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as raised:
        with_settings(NANO, [setting])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_run_keeps_its_recipe(recipe: Recipe, tmp_path: Path) -> None:
    changed = with_settings(recipe, ["beta=0.25", "hole_weights=block:1", "d_ff=96", "lengths=0.5"])
    assert read_recipe(tmp_path) is None
    write_recipe(changed, tmp_path)
    assert read_recipe(tmp_path) == changed
    assert json.loads((tmp_path / RECIPE_FILE).read_text())["beta"] == 0.25


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"config": {}}'])
def test_a_broken_recipe_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / RECIPE_FILE).write_text(text)
    with pytest.raises(ModelError, match="cannot read"):
        read_recipe(tmp_path)
