"""`mim-lsp corpus`: training data and tasks."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import DEFAULT_CORPUS, Commands, add_command, whole

DEFAULT_PACKAGE_CACHE = Path(".cache/packages")


def add(commands: Commands) -> None:
    """Add the group of commands."""
    example = "mim-lsp corpus build corpora/py-nano.toml --decontaminate tasks.jsonl.gz"
    corpus = add_command(commands, "corpus", None, "make training data and tasks from pinned packages", example)
    parts = corpus.add_subparsers(dest="corpus_command", metavar="COMMAND", required=True)
    _add_build(parts, example)
    _add_tasks(parts)


def _add_build(parts: Commands, example: str) -> None:
    build = add_command(parts, "build", _run_build, "fetch, check and filter a manifest's packages", example)
    build.add_argument("manifest", type=Path, metavar="MANIFEST", help="the TOML list of packages")
    build.add_argument("--out", type=Path, metavar="DIR", help=f"(default: {DEFAULT_CORPUS.parent}/MANIFEST'S NAME)")
    build.add_argument(
        "--cache", type=Path, metavar="DIR", default=DEFAULT_PACKAGE_CACHE, help="downloads (default: %(default)s)"
    )
    build.add_argument(
        "--decontaminate", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help="tasks to keep out"
    )


def _add_tasks(parts: Commands) -> None:
    example = f"mim-lsp corpus tasks {DEFAULT_CORPUS} --out holes.jsonl --count 200"
    tasks = add_command(parts, "tasks", _run_tasks, "draw infilling tasks from the held-out files", example)
    tasks.add_argument("corpus", type=Path, metavar="DIR", help="what `mim-lsp corpus build` wrote")
    tasks.add_argument(
        "--out", type=Path, metavar="FILE", required=True, help="the new JSON-lines file; see `mim-lsp eval infilling`"
    )
    tasks.add_argument("--count", type=whole, metavar="N", default=200, help="of each kind (default: %(default)s)")
    tasks.add_argument(
        "--kinds",
        nargs="+",
        metavar="KIND",
        help="line, argument, expression (default: these), statement, block, complete (nothing is missing there)",
    )
    tasks.add_argument("--seed", type=int, metavar="N", default=0, help="of the draws (default: %(default)s)")


def _run_build(args: argparse.Namespace) -> int:
    from mim_lsp.training.corpus import build, terminal_progress

    out = args.out or DEFAULT_CORPUS.parent / args.manifest.stem
    with terminal_progress() as progress:
        report = build(args.manifest, out, cache=args.cache, decontaminate=args.decontaminate, progress=progress)
    print(report.summary())
    return 0


def _run_tasks(args: argparse.Namespace) -> int:
    from mim_lsp.training.corpus.tasks import write_tasks

    written = write_tasks(args.corpus, args.out, kinds=args.kinds, count_per_kind=args.count, seed=args.seed)
    for kind, count in written.items():
        print(f"{count} tasks of kind {kind}")
    return 0
