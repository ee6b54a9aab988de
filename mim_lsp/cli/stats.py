"""`mim-lsp stats`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mim_lsp.cli.flags import Commands, add_command, add_json_flag
from mim_lsp.errors import SettingsError

if TYPE_CHECKING:
    from mim_lsp.stats.summary import Summary


def add(commands: Commands) -> None:
    """Add the command."""
    summary = "how suggestions fared here: acceptance, latency, reasons for silence"
    command = add_command(commands, "stats", _run, summary, "mim-lsp stats --plot stats.png")
    add_json_flag(command)
    command.add_argument("--plot", type=Path, metavar="FILE", help="draw it too, as .png, .svg or .pdf")


def _run(args: argparse.Namespace) -> int:
    import dataclasses

    from mim_lsp.stats import log
    from mim_lsp.stats.summary import summarize

    path = log.default_path()
    summary = summarize(log.read(path))
    if args.json:
        print(json.dumps({"file": str(path), **dataclasses.asdict(summary)}))
    elif summary.answers == 0:
        print(f"mim-lsp: nothing recorded yet in {path}", file=sys.stderr)
    else:
        from rich.console import Console

        from mim_lsp.stats.report import tables

        Console().print(tables(summary), f"Kept in {path}; nothing is sent anywhere.")
    if args.plot:
        _plot(summary, args.plot)
    return 0


def _plot(summary: Summary, path: Path) -> None:
    from mim_lsp.stats.plot import plot

    try:
        plot(summary, path)
    except ValueError as error:
        raise SettingsError(f"{path} cannot be drawn: {error}") from error
