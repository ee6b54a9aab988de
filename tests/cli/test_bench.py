from __future__ import annotations

import json
from pathlib import Path

import pytest

from mim_lsp.cli import main
from tests.cli.fakes import FakeCompleter


def test_bench_types_in_the_files_it_is_given(
    completer: FakeCompleter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "code.py").write_text("first_line = 1\nsecond_line = 2\nthird_line = 3\n")
    assert main(["bench", "--files", str(tmp_path / "code.py"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["places"], report["model"]) == (1, "fake")
    assert all(text.startswith("first_line") for text, _, _ in completer.asked)
