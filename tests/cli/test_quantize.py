from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main


def test_quantize_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[object, ...]] = []

    def quantize_folder(*args: object) -> int:
        *given, progress = args
        assert callable(progress)
        progress(1, 2)
        calls.append(tuple(given))
        return 6_700_000

    folder = SimpleNamespace(QuantizationSettings=lambda *args: args, quantize_folder=quantize_folder)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.quantization.folder", folder)
    monkeypatch.setattr("mim_lsp.runtime.loading.find_model", lambda model: Path("models") / model)
    assert main(["quantize", "m", "--out", "small", "--group", "32", "--calibration", "a", "b"]) == 0
    assert calls == [(Path("models/m"), Path("small"), (4, 32, (Path("a"), Path("b"))))]
    assert capsys.readouterr() == ("small: 6.7 MB of weights\n", "layer 1 of 2\n")
