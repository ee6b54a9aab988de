from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main


def test_train_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []
    run = SimpleNamespace(train=lambda *args, **kwargs: calls.append((args, kwargs)))
    monkeypatch.setitem(sys.modules, "mim_lsp.training.run", run)
    assert (
        main(["train", "smoke", "--minutes", "0.5", "--corpus", "c", "--resume", "--threads", "2", "--device", "cpu"])
        == 0
    )
    expected = {
        "corpus": Path("c"),
        "out": Path("runs/smoke"),
        "minutes": 0.5,
        "steps": None,
        "resume": True,
        "device": "cpu",
        "threads": 2,
        "start": None,
        "lr_scale": 1.0,
    }
    assert calls == [(("smoke",), expected)]
