from __future__ import annotations

import json
from pathlib import Path

import pytest

from mim_lsp.cli import main
from mim_lsp.completion.offer import make_offer
from mim_lsp.completion.types import CompletionOptions, CompletionResult
from tests.cli.fakes import FakeCompleter
from tests.completion.generations import generation


@pytest.fixture
def explaining(completer: FakeCompleter) -> FakeCompleter:
    offer = make_offer(generation("sum(x)"), "return \n", 7, CompletionOptions())
    completer.result = CompletionResult(offer.candidates, explanation=offer.explanation)
    return completer


def test_explain_tells_what_an_editor_would_show(
    explaining: FakeCompleter, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", f"{source}:2:8"]) == 0
    assert "forward wrote:  'sum(x)'" in capsys.readouterr().out
    assert explaining.asked == [("x = '😀'\r\nreturn \r\n", 16, CompletionOptions())]


def test_explain_json_is_one_object(
    explaining: FakeCompleter, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", f"{source}:2:8", "--json", "--eagerness", "1", "--candidates", "3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["reason"], told["forward"]["text"]) == ("fake", None, "sum(x)")
    assert explaining.asked[0][2] == CompletionOptions(eagerness=1.0, candidates=3)


def test_explain_knows_the_language_by_the_file_s_name(explaining: FakeCompleter, tmp_path: Path) -> None:
    path = tmp_path / "a.go"
    path.write_text("x := \n")
    assert main(["explain", f"{path}:1:6"]) == 0
    assert explaining.asked[0][2].language == "go"


@pytest.mark.parametrize("eagerness", ["-0.1", "1.1", "nan", "much"])
def test_an_eagerness_that_is_none_is_refused(eagerness: str, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["explain", f"{source}:1:1", "--eagerness", eagerness])
    assert "is not a number from 0 to 1" in capsys.readouterr().err
