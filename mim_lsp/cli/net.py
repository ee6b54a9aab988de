"""`mim-lsp eval net`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import Commands, add_command, whole


def add(parts: Commands) -> argparse.ArgumentParser:
    """Add the command to `mim-lsp eval`."""
    example = "mim-lsp eval net --tasks holes.jsonl --json"
    summary = "what the edits and filters keep away: repeated suffixes, brackets without a partner"
    command = add_command(parts, "net", _run, summary, example)
    command.add_argument("--tasks", type=Path, metavar="FILE", required=True, help="see `mim-lsp corpus tasks --kinds`")
    command.add_argument("--limit", type=whole, metavar="N", help="only the first N tasks")
    return command


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.cli.options import runtime_options
    from mim_lsp.cli.output import print_report
    from mim_lsp.completion import open_completer
    from mim_lsp.evaluation.net import measure_net
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.evaluation.tasks import read_tasks

    tasks = read_tasks(args.tasks, args.limit)
    completer = open_completer(args.model, runtime_options(args))
    with progress_bar("tasks", len(tasks)) as advance:
        report = measure_net(completer, tasks, progress=advance)
    print_report(report, as_json=args.json)
    return 0
