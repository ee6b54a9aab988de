from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main


def test_models_are_listed_with_size_and_summary(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    info = SimpleNamespace(name="nano", parameters=8_400_000, bytes=9_100_000, summary="Python, small")
    monkeypatch.setitem(sys.modules, "mim_lsp.runtime.loading", SimpleNamespace(list_models=lambda: [info]))
    assert main(["models"]) == 0
    assert capsys.readouterr().out == "nano  8.4M parameters, 9.1 MB\n    Python, small\n"
