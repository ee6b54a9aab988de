from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main


def test_corpus_build_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []

    def build(*args: object, progress: object, **kwargs: object) -> SimpleNamespace:
        calls.append((args, kwargs))
        return SimpleNamespace(summary=lambda: "12 packages kept")

    corpus = SimpleNamespace(build=build, terminal_progress=nullcontext)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.corpus", corpus)
    assert main(["corpus", "build", "lists/py.toml", "--decontaminate", "a", "b", "--decontaminate", "c"]) == 0
    assert calls == [
        (
            (Path("lists/py.toml"), Path(".cache/corpora/py")),
            {"cache": Path(".cache/packages"), "decontaminate": [Path("a"), Path("b"), Path("c")]},
        )
    ]
    assert capsys.readouterr().out == "12 packages kept\n"


def test_corpus_tasks_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []

    def write_tasks(*args: object, **kwargs: object) -> dict[str, int]:
        calls.append((args, kwargs))
        return {"line": 3, "argument": 2}

    tasks = SimpleNamespace(write_tasks=write_tasks)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.corpus.tasks", tasks)
    assert (
        main(["corpus", "tasks", "c", "--out", "out.jsonl", "--count", "3", "--kinds", "line", "block", "--seed", "5"])
        == 0
    )
    assert calls == [((Path("c"), Path("out.jsonl")), {"kinds": ["line", "block"], "count_per_kind": 3, "seed": 5})]
    assert capsys.readouterr().out == "3 tasks of kind line\n2 tasks of kind argument\n"
