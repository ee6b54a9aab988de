"""`mim-lsp eval context`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mim_lsp.cli.flags import Commands, add_command, whole

if TYPE_CHECKING:
    from mim_lsp.evaluation.cross_file import CrossFileTask
    from mim_lsp.training.corpus.cross_file import CrossFileHole
    from mim_lsp.training.corpus.reader import Document


def add(parts: Commands) -> argparse.ArgumentParser:
    """Add the command to `mim-lsp eval`."""
    example = "mim-lsp eval context --corpus .cache/corpora/py-nano --budgets 64 128"
    summary = "what signatures from other files do for held-out holes that use them"
    command = add_command(parts, "context", _run, summary, example)
    command.add_argument("--corpus", type=Path, metavar="DIR", required=True, help="a corpus folder")
    command.add_argument("--count", type=whole, metavar="N", default=400, help="holes (default: 400)")
    command.add_argument("--seed", type=whole, metavar="S", default=1, help="of the draws (default: 1)")
    command.add_argument(
        "--budgets", type=whole, nargs="+", metavar="N", default=[32, 64, 128], help="tokens (default: 32 64 128)"
    )
    return command


def _run(args: argparse.Namespace) -> int:
    from tempfile import TemporaryDirectory

    from mim_lsp.cli.options import runtime_options
    from mim_lsp.cli.output import print_report
    from mim_lsp.completion import open_completer
    from mim_lsp.evaluation.cross_file import measure_cross_file, token_counter
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.corpus.cross_file import draw_cross_file_holes
    from mim_lsp.training.corpus.reader import read_documents

    documents = read_documents(args.corpus, "heldout")
    holes = draw_cross_file_holes(documents, args.count, args.seed)
    completer = open_completer(args.model, runtime_options(args))
    with TemporaryDirectory() as folder, progress_bar("holes", len(holes)) as advance:
        workspace = Path(folder).resolve()
        _write(documents, workspace)
        tasks = [_task(hole, workspace) for hole in holes]
        report = measure_cross_file(
            completer, tasks, workspace, args.budgets, token_counter(find_model(args.model)), progress=advance
        )
    print_report(report, as_json=args.json)
    return 0


def _write(documents: Sequence[Document], workspace: Path) -> None:
    """Lay the documents out as the files that they were."""
    for document in documents:
        path = workspace / document.path
        if path.resolve().is_relative_to(workspace):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document.content, encoding="utf-8")


def _task(hole: CrossFileHole, workspace: Path) -> CrossFileTask:
    from mim_lsp.evaluation.cross_file import CrossFileTask
    from mim_lsp.evaluation.tasks import InfillingTask

    text, (_, _, start, end) = hole.document.content, hole
    task = InfillingTask(
        task_id=f"cross_file/{hole.document.package}/{hole.document.path}:{start}+{end - start}",
        prompt=text[:start],
        suffix=text[end:],
        canonical_solution=text[start:end],
        kind="cross_file",
    )
    return CrossFileTask(task, workspace / hole.document.path, hole.name)
