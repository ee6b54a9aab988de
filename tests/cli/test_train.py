from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main


def test_train_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []
    run = SimpleNamespace(train=lambda *args, **kwargs: calls.append((args, kwargs)), Machine=lambda *args: args)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.run", run)
    flags = ["--minutes", "0.5", "--corpus", "c", "--resume", "--threads", "2", "--device", "cpu", "--feeders", "0"]
    flags += ["--drawn", "d", "--branch", "b"]
    assert main(["train", "smoke", *flags, "--set", "beta=0", "--set", "rows=4", "--lr-scale", "0.5", "--shard"]) == 0
    expected = {
        "corpus": Path("c"),
        "out": Path("runs/smoke"),
        "minutes": 0.5,
        "steps": None,
        "resume": True,
        "start": None,
        "branch": Path("b"),
        "settings": ["beta=0", "rows=4", "lr_scale=0.5"],
        "machine": ("cpu", 2, True, 0, Path("d")),
    }
    assert calls == [(("smoke",), expected)]
    main(["train", "nano"])
    assert calls[1][1]["settings"] == []
    assert calls[1][1]["machine"] == ("auto", None, False, None, None)
