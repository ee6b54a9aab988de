"""`mim-lsp eval`: measure a model."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli import context, fidelity, net, parameters
from mim_lsp.cli.flags import Commands, add_command, add_json_flag, add_model_flags, add_option_flags, whole


def add(commands: Commands) -> None:
    """Add the group of commands."""
    example = "mim-lsp eval infilling --tasks tasks.jsonl.gz --limit 100 --json"
    group = add_command(commands, "eval", None, "measure a model", example)
    parts = group.add_subparsers(dest="eval_command", metavar="COMMAND", required=True)
    for command in (
        _add_infilling(parts, example),
        _add_perplexity(parts),
        _add_heldout(parts),
        fidelity.add(parts),
        net.add(parts),
        context.add(parts),
        parameters.add(parts),
    ):
        add_json_flag(command)
        add_model_flags(command)


def _add_infilling(parts: Commands, example: str) -> argparse.ArgumentParser:
    command = add_command(parts, "infilling", _run_infilling, "complete tasks and compare the answers", example)
    command.add_argument(
        "--tasks", type=Path, metavar="FILE", required=True, help="JSON lines, plain or .gz, as HumanEval-Infilling has"
    )
    command.add_argument("--limit", type=whole, metavar="N", help="only the first N tasks")
    command.add_argument("--out", type=Path, metavar="FILE", help="a new file for each task's result, as JSON lines")
    command.add_argument("--execute", action="store_true", help="run the tasks' tests: only for models you trust")
    add_option_flags(command)
    return command


def _add_perplexity(parts: Commands) -> argparse.ArgumentParser:
    example = "mim-lsp eval perplexity --files src/app.py src/models.py"
    summary = "bits per byte of both directions, and how much they differ"
    command = add_command(parts, "perplexity", _run_perplexity, summary, example)
    texts = command.add_mutually_exclusive_group(required=True)
    texts.add_argument("--files", type=Path, nargs="+", metavar="PATH", help="Python files")
    texts.add_argument("--corpus", type=Path, metavar="DIR", help="the held-out files of a corpus instead")
    command.add_argument("--limit", type=whole, metavar="N", help="only the first N files")
    return command


def _add_heldout(parts: Commands) -> argparse.ArgumentParser:
    example = "mim-lsp eval heldout --corpus .cache/corpora/py-nano"
    summary = "bits per byte, agreement, and what the far side adds, on a corpus's held-out packages"
    command = add_command(parts, "heldout", _run_heldout, summary, example)
    command.add_argument("--corpus", type=Path, metavar="DIR", required=True, help="a corpus folder")
    command.add_argument("--windows", type=whole, metavar="N", default=400, help="windows of each kind (default: 400)")
    command.add_argument("--prose", action="store_true", help="the corpus's natural language, instead of its code")
    command.add_argument("--untrained", action="store_true", help="random weights of the same shape, as a floor")
    return command


def _run_infilling(args: argparse.Namespace) -> int:
    from mim_lsp.cli.options import completion_options, runtime_options
    from mim_lsp.cli.output import print_report
    from mim_lsp.completion import open_completer
    from mim_lsp.evaluation.infilling import evaluate
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.evaluation.task_result import TaskResult, results_file
    from mim_lsp.evaluation.tasks import read_tasks

    tasks = read_tasks(args.tasks, args.limit)
    completer = open_completer(args.model, runtime_options(args))
    with results_file(args.out) as record, progress_bar("tasks", len(tasks)) as advance:

        def done(result: TaskResult) -> None:
            record(result)
            advance()

        report = evaluate(completer, tasks, options=completion_options(args), execute=args.execute, progress=done)
    print_report(report, as_json=args.json)
    return 130 if report.interrupted else 0


def _run_perplexity(args: argparse.Namespace) -> int:
    from mim_lsp.cli.texts import file_texts, heldout_texts

    texts = heldout_texts(args.corpus, args.limit) if args.corpus else file_texts(args.files[: args.limit])

    from mim_lsp.cli.output import print_report
    from mim_lsp.evaluation.perplexity import evaluate_model
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.runtime.loading import find_model

    with progress_bar("files", len(texts)) as advance:
        report = evaluate_model(find_model(args.model), texts, device=args.device, progress=advance)
    print_report(report, as_json=args.json)
    return 0


def _run_heldout(args: argparse.Namespace) -> int:
    from mim_lsp.cli.output import print_report
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.heldout import measure_heldout

    folder = find_model(args.model)
    report = measure_heldout(folder, args.corpus, windows=args.windows, untrained=args.untrained, prose=args.prose)
    print_report(report, as_json=args.json)
    return 0
