from __future__ import annotations

import json
from pathlib import Path

import pytest

from mim_lsp.cli import main
from mim_lsp.completion.types import Candidate, CompletionResult
from tests.cli.fakes import FakeCompleter

CODE = b"\xef\xbb\xbfdef f(a):\r\n    return a + limit\r\n\r\n\r\nf(1)\r\nf(*x)\r\n"


@pytest.fixture
def path(tmp_path: Path, completer: FakeCompleter) -> Path:
    completer.result = CompletionResult((Candidate("=3", 0.9, "met"),))
    path = tmp_path / "a.py"
    path.write_bytes(CODE)
    return path


def test_it_prints_a_unified_diff_and_changes_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["insert-parameter", f"{path}:2:18"]) == 0
    output = capsys.readouterr()
    name = path.as_posix().lstrip("/")
    assert output.out.split("\n")[:6] == [
        f"--- a/{name}",
        f"+++ b/{name}",
        "@@ -1,4 +1,4 @@",
        "-def f(a):\r",
        "+def f(a, limit=3):\r",
        "     return a + limit\r",
    ]
    assert output.err == f"mim-lsp: not changed: {path}:6: it passes * or ** arguments\n"
    assert path.read_bytes() == CODE


def test_write_changes_the_file_and_keeps_its_mark_and_line_breaks(path: Path) -> None:
    assert main(["insert-parameter", f"{path}:1:1", "--name", "limit", "--write"]) == 0
    assert path.read_bytes() == CODE.replace(b"f(a)", b"f(a, limit=3)")


@pytest.mark.parametrize(("place", "name"), [("5:1", None), ("1:5", "a"), ("1:5", "1x")])
def test_what_cannot_be_done_is_one_line(
    path: Path, place: str, name: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["insert-parameter", f"{path}:{place}", "--write", *(["--name", name] if name else [])]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert path.read_bytes() == CODE


def test_a_file_without_a_last_line_break_gets_none(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(b"def f(): return limit")
    assert main(["insert-parameter", f"{path}:1:18", "--write"]) == 0
    assert capsys.readouterr().out.count("\\ No newline at end of file\n") == 2
    assert path.read_bytes() == b"def f(limit=3): return limit"


def test_eval_parameters_prints_a_report(
    tmp_path: Path, completer: FakeCompleter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    completer.result = CompletionResult((Candidate("=3", 0.9, "met"),))
    texts = ["def f(a, b=3):\n    return a + b\n"]
    monkeypatch.setattr("mim_lsp.cli.texts.heldout_texts", lambda corpus, limit: texts)
    assert main(["eval", "parameters", "--corpus", str(tmp_path), "--count", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    action = report["ways"]["action"]
    assert action.pop("cases") == 2
    assert {name: rate["share"] for name, rate in action.items()} == {
        "name": 1.0,
        "name_and_default": 0.5,
        "declaration": 0.5,
        "valid": 1.0,
    }
    assert report["arguments"]["action"]["cases"] == 0
