from __future__ import annotations

import argparse
import dataclasses
import json.decoder
from pathlib import Path

import pytest

from benchmarks import parameter_edits
from mim_lsp.parameters.changes import Change
from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.plan import Plan

CODE = "def f(a):\n    return a\n\n\nf(1)\n"


def test_edits_of_real_functions_parse_and_change_nothing_else() -> None:
    files = [Path(str(module.__file__)) for module in (argparse, dataclasses, json.decoder)]
    counts = parameter_edits.survey(files, functions=120, per_file=50)
    assert counts["functions"] >= 100
    assert counts["offered"] >= 0.95 * counts["functions"]
    assert not [outcome for outcome in counts if outcome[:2].isupper()]
    assert counts["calls said to lack an argument"] == 0


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (Change(6, 7, "a, ("), "DOES NOT PARSE"),
        (Change(6, 7, "a, b"), "CHANGES SOMETHING ELSE"),
        (Change(27, 28, "2"), "CHANGES SOMETHING ELSE"),
        (Change(6, 7, f"a, {parameter_edits.NAME}"), "offered"),
    ],
)
def test_a_wrong_edit_is_seen(change: Change, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(Declaration(parameter_edits.NAME), (change,))
    monkeypatch.setattr(parameter_edits, "plan_with_calls", lambda *_: plan)
    (found, *_) = parameter_edits.try_file(CODE, 1)
    assert found.startswith(outcome)
