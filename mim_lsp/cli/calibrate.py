"""`mim-lsp calibrate`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mim_lsp.cli.flags import Commands, add_command, add_json_flag, add_model_flags, add_option_flags


def add(commands: Commands) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "calibrate",
        _run,
        "fit how confident a model's suggestions are to how often they are right",
        "mim-lsp calibrate holes.jsonl --plots docs/confidence --write",
    )
    command.add_argument(
        "tasks",
        type=Path,
        metavar="FILE",
        help="tasks from at least two packages, best of all kinds: see `mim-lsp corpus tasks --kinds`",
    )
    command.add_argument(
        "--memory",
        dest="fit_memory",
        action="store_true",
        help="fit how much the document's own text counts; goes before the confidence",
    )
    command.add_argument("--plots", type=Path, metavar="DIR", help="save the plots there")
    command.add_argument("--write", action="store_true", help="keep the coefficients in the model's folder")
    add_json_flag(command)
    add_model_flags(command)
    add_option_flags(command)


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.cli.options import completion_options, runtime_options
    from mim_lsp.cli.output import print_report
    from mim_lsp.completion import open_completer
    from mim_lsp.completion.confidence import write_calibration
    from mim_lsp.evaluation.calibration import calibrate, collect
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.evaluation.tasks import read_tasks
    from mim_lsp.runtime.loading import find_model

    if args.fit_memory:
        return _fit_memory(args)
    folder = find_model(args.model)
    tasks = read_tasks(args.tasks)
    completer = open_completer(args.model, runtime_options(args))
    with progress_bar("tasks", len(tasks)) as advance:
        samples = collect(completer, tasks, completion_options(args), progress=advance)
    calibration, report = calibrate(samples, completer.model_name)
    if args.plots:
        from mim_lsp.evaluation.confidence_plots import save_plots

        for path in save_plots(report, args.plots):
            print(f"mim-lsp: wrote {path}", file=sys.stderr)
    if args.write:
        write_calibration(folder, calibration)
        print(f"mim-lsp: wrote the coefficients into {folder}", file=sys.stderr)
    print_report(report, as_json=args.json)
    return 0


def _fit_memory(args: argparse.Namespace) -> int:
    from mim_lsp.cli.options import runtime_options
    from mim_lsp.cli.output import print_report
    from mim_lsp.evaluation.memory_fit import calibrate_memory
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.evaluation.tasks import read_tasks

    tasks = read_tasks(args.tasks)
    with progress_bar("tasks", len(tasks)) as advance:
        report = calibrate_memory(args.model, runtime_options(args), tasks, write=args.write, progress=advance)
    if args.write:
        print("mim-lsp: wrote the weights into the model's folder", file=sys.stderr)
    print_report(report, as_json=args.json)
    return 0
