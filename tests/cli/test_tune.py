from __future__ import annotations

from pathlib import Path

import pytest

from mim_lsp.cli import main
from mim_lsp.runtime.loading import DEFAULT_MODEL
from mim_lsp.training import tune as module
from mim_lsp.training.tune import Measured, SourceText, TuneReport, TuneSettings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIM_LSP_MODELS", str(tmp_path / "models"))
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("better", [True, False])
def test_tune_passes_its_flags_on_and_says_what_came_of_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], better: bool
) -> None:
    calls: list[tuple[object, ...]] = []

    def fake(base: Path, files: object, out: Path, settings: object) -> TuneReport:
        calls.append((base.name, files, out, settings))
        return TuneReport(out if better else None, 9, 2, 1000, 5000, 1.0, Measured(3.5, 3.6), Measured(3.25, 3.7))

    monkeypatch.setattr(module, "tune", fake)
    code = main(["tune", str(project), "--minutes", "2", "--threads", "1"])
    out = project.parent / "models" / f"{DEFAULT_MODEL}-app"
    assert calls == [(DEFAULT_MODEL, [SourceText("a.py", "x = 1\n")], out, TuneSettings(minutes=2.0, threads=1))]
    said = capsys.readouterr()
    assert "2 held-out files         3.500   3.250" in said.out
    assert code == (0 if better else 3)
    assert (f"--model {DEFAULT_MODEL}-app" in said.out) is better
    assert ("not kept" in said.err) is not better
