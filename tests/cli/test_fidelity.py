from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main
from mim_lsp.runtime.choice import RuntimeOptions
from tests.cli.fakes import FakeCompleter


def test_eval_fidelity_on_tasks_compares_with_float32(
    completer: FakeCompleter, tasks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--model", "int4", "--reference", "float", "--threads", "1", "--json"]
    assert main(["eval", "fidelity", "--tasks", str(tasks), *flags]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["tasks"], report["same_rate"], report["reference"]) == (2, 1.0, "fake")
    assert completer.opened == [("float", RuntimeOptions("cpu", 1, "torch")), ("int4", RuntimeOptions("auto", 1))]


def test_eval_fidelity_compares_a_model_with_itself_by_default(completer: FakeCompleter, tasks: Path) -> None:
    assert main(["eval", "fidelity", "--tasks", str(tasks), "--model", "m", "--limit", "1"]) == 0
    assert completer.opened == [("m", RuntimeOptions("cpu", None, "torch")), ("m", RuntimeOptions())]
    assert len(completer.asked) == 2


def test_eval_fidelity_on_texts(
    monkeypatch: pytest.MonkeyPatch, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @dataclasses.dataclass
    class Report:
        read: list[object]

    def load_model(model: str, options: RuntimeOptions) -> SimpleNamespace:
        return SimpleNamespace(name=(model, options.runtime), tokenizer="t", config=SimpleNamespace(context_length=9))

    def compare_texts(*models: SimpleNamespace, progress: Callable[[], None]) -> Report:
        progress()
        return Report([*(model.name for model in models[:2]), models[2]])

    fidelity = SimpleNamespace(compare_texts=compare_texts, sample_windows=lambda *args: [list(args)])
    monkeypatch.setitem(sys.modules, "mim_lsp.evaluation.fidelity", fidelity)
    monkeypatch.setattr("mim_lsp.runtime.loading.load_model", load_model)
    flags = ["--model", "int4", "--reference", "float", "--limit", "7", "--json"]
    assert main(["eval", "fidelity", "--files", str(source), *flags]) == 0
    windows = [["t", ["x = '😀'\r\nreturn \r\n"], 9, 7]]
    assert json.loads(capsys.readouterr().out) == {"read": [["float", "torch"], ["int4", "auto"], windows]}
