from __future__ import annotations

import json
from pathlib import Path

import pytest

from mim_lsp.cli import main
from mim_lsp.completion.types import CompletionOptions, CompletionResult
from mim_lsp.runtime.choice import RuntimeOptions
from tests.cli.fakes import FakeCompleter


def test_complete_prints_the_text(completer: FakeCompleter, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", f"{source}:2:8"]) == 0
    assert capsys.readouterr() == ("sum(😀)\n", "")
    assert completer.asked == [("x = '😀'\r\nreturn \r\n", 16, CompletionOptions(eagerness=1.0))]
    assert completer.opened == [(None, RuntimeOptions())]


def test_complete_passes_every_option_on(completer: FakeCompleter, source: Path) -> None:
    flags = "--no-memory --decode streams --meet-ngram 3 --candidates 4 --max-tokens 9 --max-ms 50.5"
    assert main(["complete", f"{source}:1:1", "--model", "m", "--device", "cpu", *flags.split()]) == 0
    assert completer.asked[0][2] == CompletionOptions(
        memory=False, decode="streams", meet_ngram=3, candidates=4, eagerness=1.0, max_tokens=9, max_ms=50.5
    )
    assert completer.opened == [("m", RuntimeOptions("cpu"))]


def test_complete_knows_the_language_by_the_file_s_name(completer: FakeCompleter, tmp_path: Path) -> None:
    path = tmp_path / "main.rs"
    path.write_text("let x = \n")
    assert main(["complete", f"{path}:1:9"]) == 0
    assert completer.asked[0][2] == CompletionOptions(eagerness=1.0, language="rust")


def test_model_flags_may_stand_before_the_command(completer: FakeCompleter, source: Path) -> None:
    main(["--model", "m", "--device", "cpu", "complete", f"{source}:1:1"])
    assert completer.opened == [("m", RuntimeOptions("cpu"))]


@pytest.mark.usefixtures("completer")
def test_complete_json_is_one_object(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", f"{source}:2:8", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["insert_text"], report["model"], report["reason"]) == ("sum(😀)", "fake", None)


@pytest.mark.usefixtures("completer")
def test_complete_show_marks_the_text_in_its_place(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", f"{source}:2:8", "--show"]) == 0
    assert "2 │ return ⟦sum(😀)⟧\n" in capsys.readouterr().out


def test_nothing_offered_is_not_an_error(
    completer: FakeCompleter, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    completer.result = CompletionResult(reason="blank")
    assert main(["complete", f"{source}:1:1"]) == 0
    assert capsys.readouterr() == ("", "mim-lsp: nothing offered: blank\n")


@pytest.mark.usefixtures("completer")
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("{source}", "expected PATH:LINE:COLUMN"),
        ("{source}:9:1", "line 9 lies outside the file; valid lines are 1 to 3"),
        ("{source}:1:9", "column 9 lies outside line 1; valid columns there are 1 to 8"),
        ("{source}.missing:1:1", "does not exist"),
        ("{folder}:1:1", "is a folder"),
        ("{folder}/binary:1:1", "is a binary file"),
        ("{folder}/two\nlines:1:1", "does not exist"),
    ],
)
def test_user_errors_are_one_line_and_exit_code_2(
    source: Path, capsys: pytest.CaptureFixture[str], place: str, message: str
) -> None:
    (source.parent / "binary").write_bytes(b"\0\1\2")
    assert main(["complete", place.format(source=source, folder=source.parent)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("mim-lsp: error: ")
    assert message in output.err
    assert output.err.count("\n") == 1
