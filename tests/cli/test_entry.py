from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import mim_lsp
import mim_lsp.completion
from mim_lsp.cli import main
from mim_lsp.errors import ModelError
from mim_lsp.runtime.choice import RuntimeOptions
from tests.cli.fakes import raising


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ModelError("no model 'x'; see mim-lsp models"), 2, "mim-lsp: error: no model 'x'; see mim-lsp models\n"),
        (PermissionError(13, "Permission denied", "runs"), 2, "mim-lsp: error: [Errno 13] Permission denied: 'runs'\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            2,
            "mim-lsp: error: this needs torch, which the base install leaves out: pip install 'mim-lsp[torch]'\n",
        ),
        (
            ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow"),
            2,
            "mim-lsp: error: this needs pyarrow, which the base install leaves out: pip install 'mim-lsp[train]'\n",
        ),
    ],
)
def test_errors_from_inside(
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    monkeypatch.setattr(mim_lsp.completion, "open_completer", raising(error), raising=False)
    assert main(["complete", f"{source}:1:1"]) == code
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("error", [ModuleNotFoundError("No module named 'ours'", name="ours"), ZeroDivisionError()])
def test_a_bug_of_ours_is_not_dressed_up(source: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(mim_lsp.completion, "open_completer", raising(error), raising=False)
    with pytest.raises(type(error)):
        main(["complete", f"{source}:1:1"])


def test_server_starts_with_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str | None, RuntimeOptions]] = []
    server = SimpleNamespace(run_stdio=lambda model, options: started.append((model, options)) or 7)
    monkeypatch.setitem(sys.modules, "mim_lsp.server", server)
    assert main(["--stdio", "--model", "m", "--threads", "3", "--runtime", "torch"]) == 7
    assert started == [("m", RuntimeOptions("auto", 3, "torch"))]


def test_module_can_be_run_by_name() -> None:
    command = [sys.executable, "-m", "mim_lsp", "--version"]
    assert subprocess.check_output(command, text=True) == f"mim-lsp {mim_lsp.__version__}\n"


@pytest.mark.parametrize("characters", [1, 100_000])
def test_a_reader_that_goes_away_is_no_error(characters: int) -> None:
    """`mim-lsp models | true`: output into a closed pipe, noticed while writing or not before the end."""
    program = (
        "import os, sys\nfrom mim_lsp.cli import main, models\n"
        f"models._run = lambda args: print('x' * {characters}) or 0\n"
        "read, write = os.pipe(); os.close(read); os.dup2(write, 1)\n"
        "sys.exit(main(['models']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
