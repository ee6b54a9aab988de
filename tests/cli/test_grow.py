from __future__ import annotations

from pathlib import Path

import pytest

from mim_lsp.cli import main
from mim_lsp.model.config import ModelConfig
from mim_lsp.training.recipe import Recipe


def test_grow_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def grow(source: Path, recipe: Recipe, out: Path) -> ModelConfig:
        assert (source, recipe.name, recipe.seed, out) == (Path("models/a"), "small", 7, Path("grown"))
        return recipe.config

    monkeypatch.setattr("mim_lsp.training.grow.grow_model", grow)
    monkeypatch.setattr("mim_lsp.runtime.loading.find_model", lambda model: Path("models") / model)
    assert main(["grow", "a", "--recipe", "small", "--set", "seed=7", "--out", "grown"]) == 0
    assert capsys.readouterr().out == "grown: 26.2M parameters that compute what a computes\n"
