"""What the tests of the commands share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mim_lsp
import mim_lsp.completion
from mim_lsp.completion.types import Candidate, CompletionResult
from tests.cli.fakes import FakeCompleter


@pytest.fixture
def completer(monkeypatch: pytest.MonkeyPatch) -> FakeCompleter:
    fake = FakeCompleter(CompletionResult((Candidate("sum(😀)", 0.9, "met", 4),), met=True, verified=True))
    monkeypatch.setattr(mim_lsp.completion, "open_completer", fake.open, raising=False)
    return fake


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes("x = '😀'\r\nreturn \r\n".encode())
    return path


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    answers = ("sum(😀)", "max(x)")
    lines = [{"task_id": a, "prompt": "y = ", "suffix": "\n", "canonical_solution": a} for a in answers]
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path
