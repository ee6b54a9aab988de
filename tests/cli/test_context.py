from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mim_lsp.cli import main
from tests.cli.fakes import FakeCompleter

FILES = {
    "shop/prices.py": "def total(items): pass\n",
    "shop/app.py": "from .prices import total\n\nx = total([])\n",
    "../escape.py": "x = 1\n",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    columns = {"content": [*FILES.values()], "path": [*FILES], "package": ["shop"] * len(FILES)}
    pq.write_table(pa.table(columns), folder / "heldout-00000.parquet")
    return folder


def test_eval_context_completes_with_and_without_it(
    completer: FakeCompleter, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "context", "--corpus", str(corpus), "--count", "1", "--budgets", "40", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["tasks"], report["model"]) == (1, "fake")
    assert [row["budget_tokens"] for row in report["budgets"]] == [0, 40]
    asked = [options.related for _, _, options in completer.asked]
    assert asked == ["", "# shop/prices.py\ndef total(items): ...\n"]
    assert not (corpus.parent / "escape.py").exists()


@pytest.mark.usefixtures("completer")
def test_eval_context_without_such_holes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq.write_table(pa.table({"content": ["x = 1\n"]}), tmp_path / "heldout-00000.parquet")
    assert main(["eval", "context", "--corpus", str(tmp_path)]) == 2
    assert "use another corpus" in capsys.readouterr().err
