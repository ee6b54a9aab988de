from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mim_lsp.cli import main
from mim_lsp.stats import log

ANSWER = {"t": 0, "e": "answer", "ms": 12.5, "from": "engine", "reason": None, "chars": 3, "lang": "python"}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIM_LSP_STATE", str(tmp_path))
    log.append(log.default_path(), [ANSWER, ANSWER | {"reason": "low_confidence"}])
    return tmp_path


def test_stats_prints_tables(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats"]) == 0
    printed = capsys.readouterr().out
    for expected in ("requests answered", "12.5", "low_confidence", "nothing is sent anywhere"):
        assert expected in printed


def test_stats_json_is_one_object(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["answers"], report["offered"], report["silence"]) == (2, 1, {"low_confidence": 1})
    assert report["file"] == str(state / "stats.jsonl")


def test_nothing_recorded_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIM_LSP_STATE", str(tmp_path))
    assert main(["stats"]) == 0
    assert "nothing recorded yet" in capsys.readouterr().err


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_stats_can_be_drawn(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / f"stats.{suffix}"
    assert main(["stats", "--json", "--plot", str(picture)]) == 0
    assert picture.stat().st_size > 1000


@pytest.mark.usefixtures("state")
def test_a_format_that_cannot_be_drawn_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    assert main(["stats", "--plot", str(tmp_path / "stats.doc")]) == 2
    assert "cannot be drawn" in capsys.readouterr().err


@pytest.mark.usefixtures("state")
def test_drawing_without_matplotlib_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["stats", "--plot", str(tmp_path / "stats.png")]) == 2
    assert "pip install 'mim-lsp[train]'" in capsys.readouterr().err
