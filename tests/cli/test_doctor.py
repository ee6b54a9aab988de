from __future__ import annotations

import re
from pathlib import Path

import pytest

import mim_lsp
import mim_lsp.completion
import mim_lsp.doctor
from mim_lsp.cli import main
from mim_lsp.errors import MimError
from mim_lsp.runtime.choice import RuntimeOptions, native_problem
from tests.cli.fakes import FakeCompleter, raising


def test_doctor_is_content_with_a_model_that_completes(
    completer: FakeCompleter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mim_lsp.doctor, "_speed", lambda model, options: "0.3 ms for a step")
    monkeypatch.setattr(mim_lsp.doctor, "_confidence", lambda model: "calibrated")
    assert main(["doctor", "--model", "m"]) == 0
    report = capsys.readouterr().out
    assert f"mim-lsp      {mim_lsp.__version__} on Python" in report
    assert "fake loads in" in report
    assert "FAIL" not in report
    assert completer.opened == [("m", RuntimeOptions())]


def test_doctor_tells_every_finding_even_if_the_model_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = MimError("no model 'x'")
    monkeypatch.setattr(mim_lsp.completion, "open_completer", raising(error), raising=False)
    assert main(["doctor", "--model", "no-such-model"]) == 2
    lines = capsys.readouterr().out.splitlines()
    names = ["mim-lsp", "libraries", "parser", "languages", "settings", "own", "native", "torch", "model"]
    names += ["confidence", "speed"]
    assert [line.split()[1] for line in lines] == names
    assert lines[-3] == "FAIL  model        no model 'x'"


def finding(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The line that doctor prints about `name`, for a model that is not there."""
    assert main(["doctor", "--model", "no-such-model"]) == 2
    return next(line for line in capsys.readouterr().out.splitlines() if line[6:].startswith(name))


@pytest.mark.parametrize(("usable", "word"), [(True, "ok"), (False, "FAIL")])
def test_doctor_notices_when_python_cannot_be_parsed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], usable: bool, word: str
) -> None:
    if not usable:
        monkeypatch.setattr("mim_lsp.syntax.tree.load_grammar", lambda language: None)
    assert finding("parser", capsys).split()[0] == word


@pytest.mark.parametrize(
    ("project", "line"),
    [
        ("", r"ok    settings     no \[tool.mim-lsp\] in .*pyproject.toml; the editor's settings"),
        ("[tool.mim-lsp]\nmax-lines = 3\n", r"ok    settings     .*pyproject.toml sets maxLines"),
        ("[tool.mim-lsp]\neagerness = 3\n", r"FAIL  settings     .*eagerness must be a number from 0 to 1, not 3"),
        ("[tool.mim-lsp]\nmax-line = 3\n", r"FAIL  settings     .*maxLine is not a setting; did you mean maxLines\?"),
        ("[tool", r"FAIL  settings     the settings in .*pyproject.toml are not used: .*: mend the file"),
    ],
)
def test_doctor_reads_the_projects_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], project: str, line: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(project)
    monkeypatch.chdir(tmp_path)
    assert re.match(line, finding("settings", capsys))


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (None, "ok    languages    grammars of Python, Rust; other languages"),
        ("x is not installed: pip", "ok    languages    grammars of Python; without syntax Rust (pip install"),
        ("x cannot be loaded", "FAIL  languages    x cannot be loaded"),
    ],
)
def test_doctor_tells_which_grammars_are_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: str | None, line: str
) -> None:
    grammars = {"Python": None, "Rust": problem}
    monkeypatch.setattr("mim_lsp.syntax.grammars.available_grammars", lambda: grammars)
    assert finding("languages", capsys).startswith(line)


def test_doctor_says_where_its_own_files_would_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MIM_LSP_STATE", str(tmp_path / "file" / "state"))
    assert "name another folder in MIM_LSP_STATE" in finding("own files", capsys)


@pytest.mark.skipif(native_problem() is not None, reason="the native core was not built")
def test_doctor_tells_how_near_a_step_is_to_what_memory_gives(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--threads", "1"]) == 0
    speed = capsys.readouterr().out.splitlines()[-1]
    assert re.search(r"ms for a step of both directions \(\w+, 1 thread\).* \d+% of what memory gives", speed)
