from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main


def test_average_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[object, ...]] = []
    average = SimpleNamespace(average_models=lambda *args: calls.append(args))
    monkeypatch.setitem(sys.modules, "mim_lsp.training.average", average)
    monkeypatch.setattr("mim_lsp.runtime.loading.find_model", lambda model: Path("models") / model)
    assert main(["average", "a", "b", "--out", "mean"]) == 0
    assert calls == [([Path("models/a"), Path("models/b")], Path("mean"))]
    assert capsys.readouterr().out == "mean: the mean of 2 models\n"
