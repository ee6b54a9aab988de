from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main


def test_models_are_listed_with_size_and_summary_and_the_default_is_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"parameters": 8_400_000, "bytes": 9_100_000}
    nano, small = (SimpleNamespace(name=name, summary=f"A {name} one.", **sizes) for name in ("nano", "small"))
    loading = SimpleNamespace(list_models=lambda: [nano, small], DEFAULT_MODEL="small")
    monkeypatch.setitem(sys.modules, "mim_lsp.runtime.loading", loading)
    assert main(["models"]) == 0
    assert capsys.readouterr().out == (
        "nano  8.4M parameters, 9.1 MB\n    A nano one.\nsmall (default)  8.4M parameters, 9.1 MB\n    A small one.\n"
    )
