"""`mim-lsp tune`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mim_lsp.cli.flags import Commands, add_command, positive, whole

if TYPE_CHECKING:
    from mim_lsp.training.tune import TuneReport

GOT_WORSE = 3
"""Exit code when the model was thrown away."""


def add(commands: Commands) -> None:
    """Add the command."""
    example = "mim-lsp tune ~/src/app --minutes 10"
    command = add_command(commands, "tune", _run, "let a model learn from your own code, on your machine", example)
    command.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="folders of Python code, or files")
    command.add_argument(
        "--minutes", type=positive, default=10.0, metavar="M", help="time to learn (default: %(default)g)"
    )
    command.add_argument(
        "--base", metavar="NAME|DIR", help="the model that learns (default: the one that `mim-lsp models` marks)"
    )
    command.add_argument("--name", metavar="NAME", help="of the new model (default: BASE-FOLDER)")
    command.add_argument("--out", type=Path, metavar="DIR", help="where it goes (default: among your own models)")
    command.add_argument("--threads", type=whole, metavar="N", help="CPU threads (default: PyTorch's choice)")


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.completion.own_code import read_own_code
    from mim_lsp.folders import models_folder
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.tune import SourceText, TuneSettings, tune

    base = find_model(args.base)
    name = args.name or f"{base.name}-{args.paths[0].resolve().stem}"
    files = [SourceText(file.path, file.text) for file in read_own_code(args.paths)]
    settings = TuneSettings(minutes=args.minutes, threads=args.threads)
    report = tune(base, files, args.out or models_folder() / name, settings)
    _print(report)
    return 0 if report.folder else GOT_WORSE


def _print(report: TuneReport) -> None:
    print(f"{'nats per token':22}  before   after")
    rows = (
        (f"{report.n_heldout_files} held-out files", report.before.own, report.after.own),
        ("Python's own library", report.before.library, report.after.library),
    )
    for name, before, after in rows:
        print(f"{name:22}  {before:6.3f}  {after:6.3f}")
    if report.folder is None:
        print("the model got no better on the held-out files, so it was not kept", file=sys.stderr)
        return
    print(f"written to {report.folder}")
    print(f'use it with --model {report.folder.name}, or "model": "{report.folder.name}" in the editor\'s settings')
