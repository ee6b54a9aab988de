"""`mim-lsp bench`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import Commands, add_command, add_json_flag, add_model_flags, add_option_flags


def add(commands: Commands) -> None:
    """Add the command."""
    summary = "time completions, the first at a place and those while typing on"
    command = add_command(commands, "bench", _run, summary, "mim-lsp bench --json")
    command.add_argument(
        "--files", type=Path, nargs="+", metavar="PATH", help="where to type (default: some of Python's own library)"
    )
    add_json_flag(command)
    add_option_flags(command)
    add_model_flags(command)


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.cli.options import completion_options, runtime_options
    from mim_lsp.cli.output import print_report
    from mim_lsp.cli.texts import file_texts
    from mim_lsp.completion import open_completer
    from mim_lsp.evaluation.latency import choose_places, default_files, measure
    from mim_lsp.evaluation.progress import progress_bar

    places = choose_places(file_texts(args.files or default_files()))
    completer = open_completer(args.model, runtime_options(args))
    with progress_bar("places", len(places)) as advance:
        report = measure(completer, places, options=completion_options(args), progress=advance)
    print_report(report, as_json=args.json)
    return 0
