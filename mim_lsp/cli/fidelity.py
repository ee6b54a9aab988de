"""`mim-lsp eval fidelity`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mim_lsp.cli.flags import Commands, add_command, whole

if TYPE_CHECKING:
    from mim_lsp.evaluation.fidelity import MiddleFidelity, TextFidelity
    from mim_lsp.runtime.choice import RuntimeOptions

    Choice = tuple[str | None, RuntimeOptions]


def add(parts: Commands) -> argparse.ArgumentParser:
    """Add the command to the group `eval`."""
    example = "mim-lsp eval fidelity --tasks holes.jsonl --reference runs/nano/float --model mim-py-nano"
    summary = "what quantization, or the native core, changes: perplexity on texts, or the text of holes"
    command = add_command(parts, "fidelity", _run, summary, example)
    places = command.add_mutually_exclusive_group(required=True)
    places.add_argument("--files", type=Path, nargs="+", metavar="PATH", help="Python files to read")
    places.add_argument("--corpus", type=Path, metavar="DIR", help="read the held-out files of a corpus")
    places.add_argument("--tasks", type=Path, metavar="FILE", help="fill holes; see `mim-lsp eval infilling`")
    command.add_argument(
        "--reference", metavar="NAME|DIR", help="runs in PyTorch on the CPU, in float32 (default: the same model)"
    )
    command.add_argument("--limit", type=whole, metavar="N", default=500, help="windows or tasks (default: 500)")
    return command


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.cli.options import runtime_options
    from mim_lsp.cli.output import print_report
    from mim_lsp.runtime.choice import RuntimeOptions

    reference = args.reference or args.model, RuntimeOptions("cpu", args.threads, "torch")
    compare = _compare_middles if args.tasks else _compare_texts
    print_report(compare(args, reference, (args.model, runtime_options(args))), as_json=args.json)
    return 0


def _compare_middles(args: argparse.Namespace, reference: Choice, model: Choice) -> MiddleFidelity:
    from mim_lsp.completion import CompletionOptions, open_completer
    from mim_lsp.evaluation.fidelity import compare_middles
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.evaluation.tasks import read_tasks

    tasks, completers = read_tasks(args.tasks, args.limit), (open_completer(*reference), open_completer(*model))
    with progress_bar("tasks", len(tasks)) as advance:
        return compare_middles(
            *completers, tasks, options=CompletionOptions(eagerness=1.0, compare=1), progress=advance
        )


def _compare_texts(args: argparse.Namespace, reference: Choice, model: Choice) -> TextFidelity:
    from mim_lsp.cli.texts import file_texts, heldout_texts
    from mim_lsp.evaluation.fidelity import compare_texts, sample_windows
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.runtime.loading import load_model

    texts = heldout_texts(args.corpus, None) if args.corpus else file_texts(args.files)
    loaded = load_model(*reference), load_model(*model)
    windows = sample_windows(loaded[0].tokenizer, texts, loaded[0].config.context_length, args.limit)
    with progress_bar("windows", len(windows)) as advance:
        return compare_texts(*loaded, windows, progress=advance)
