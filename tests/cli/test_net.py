from __future__ import annotations

import json
from pathlib import Path

import pytest

from mim_lsp.cli import main
from mim_lsp.completion.offer import make_offer
from mim_lsp.completion.types import CompletionOptions, CompletionResult
from tests.cli.fakes import FakeCompleter
from tests.completion.generations import generation


def test_eval_net_prints_a_report(completer: FakeCompleter, tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    offer = make_offer(generation("max(x)"), "y = \n", 4, CompletionOptions())
    completer.result = CompletionResult(offer.candidates, explanation=offer.explanation)
    assert main(["eval", "net", "--tasks", str(tasks), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["texts"], report["after"]["exact_match"], report["model"]) == (2, 0.5, "fake")
    assert main(["eval", "net", "--tasks", str(tasks), "--limit", "1"]) == 0
    assert "duplicate_suffix" in capsys.readouterr().out
