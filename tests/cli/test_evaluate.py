from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main
from mim_lsp.completion.types import CompletionOptions, CompletionResult
from tests.cli.fakes import FakeCompleter


def test_eval_infilling_measures_every_task(
    completer: FakeCompleter, tasks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tasks.with_name("results.jsonl")
    flags = ["--json", "--decode", "streams", "--meet-ngram", "3", "--out", str(results)]
    assert main(["eval", "infilling", "--tasks", str(tasks), *flags]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["tasks"], report["exact_match"], report["model"], report["decode"]) == (2, 0.5, "fake", "streams")
    assert completer.asked == [("y = \n", 4, CompletionOptions(decode="streams", meet_ngram=3, eagerness=1.0))] * 2
    assert [json.loads(line)["exact_match"] for line in results.read_text().splitlines()] == [True, False]


@pytest.mark.usefixtures("completer")
def test_eval_infilling_can_be_limited_and_read_by_people(tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "infilling", "--tasks", str(tasks), "--limit", "1"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "exact_match" in line)
    assert "100.0%" in row


@pytest.mark.usefixtures("completer")
def test_eval_infilling_without_tests_to_execute_is_refused(tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "infilling", "--tasks", str(tasks), "--execute"]) == 2
    assert capsys.readouterr().err.startswith("mim-lsp: error: not every task has a 'test'")


def test_eval_infilling_that_is_interrupted_reports_what_is_done(
    completer: FakeCompleter, monkeypatch: pytest.MonkeyPatch, tasks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter([completer.result])

    def complete(*_: object) -> CompletionResult:
        for answer in answers:
            return answer
        raise KeyboardInterrupt

    monkeypatch.setattr(completer, "complete", complete)
    assert main(["eval", "infilling", "--tasks", str(tasks), "--json"]) == 130
    report = json.loads(capsys.readouterr().out)
    assert (report["tasks"], report["interrupted"]) == (1, True)


def read_by_perplexity(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    """The texts that `mim-lsp eval perplexity` evaluates."""
    read: list[str] = []

    @dataclasses.dataclass
    class Report:
        bits: float

    def evaluate_model(folder: Path, texts: list[str], *, device: str, progress: Callable[[], None]) -> Report:
        assert (folder, device) == (Path("models/m"), "cpu")
        read.extend(texts)
        progress()
        return Report(1.5)

    perplexity = SimpleNamespace(evaluate_model=evaluate_model)
    monkeypatch.setitem(sys.modules, "mim_lsp.evaluation.perplexity", perplexity)
    monkeypatch.setattr("mim_lsp.runtime.loading.find_model", lambda model: Path("models") / model)
    assert main(["eval", "perplexity", "--model", "m", "--device", "cpu", "--json", *arguments]) == 0
    return read


def test_eval_perplexity_of_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / name for name in ("a.py", "b.py")]
    for path in paths:
        path.write_text(path.name)
    assert read_by_perplexity(monkeypatch, "--files", *map(str, paths)) == ["a.py", "b.py"]
    assert json.loads(capsys.readouterr().out) == {"bits": 1.5}
    assert read_by_perplexity(monkeypatch, "--files", *map(str, paths), "--limit", "1") == ["a.py"]


def test_eval_perplexity_of_held_out_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_documents(folder: Path, split: str, *, limit: int | None) -> list[SimpleNamespace]:
        return [SimpleNamespace(content=f"{split} of {folder}, {limit}")]

    monkeypatch.setitem(sys.modules, "mim_lsp.training.corpus.reader", SimpleNamespace(read_documents=read_documents))
    assert read_by_perplexity(monkeypatch, "--corpus", "c", "--limit", "3") == ["heldout of c, 3"]
