"""`mim-lsp corpus`: training data and tasks."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import DEFAULT_CORPUS, Commands, add_command, add_settings_flag, whole

DEFAULT_PACKAGE_CACHE = Path(".cache/packages")


def add(commands: Commands) -> None:
    """Add the group of commands."""
    example = "mim-lsp corpus build corpora/py-nano.toml --decontaminate tasks.jsonl.gz"
    corpus = add_command(commands, "corpus", None, "make training data and tasks from pinned packages", example)
    parts = corpus.add_subparsers(dest="corpus_command", metavar="COMMAND", required=True)
    _add_build(parts, example)
    _add_tasks(parts)
    _add_draw(parts)
    _add_pack(parts)
    _add_unpack(parts)


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
    _add_processes(build)


def _add_processes(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--processes", type=whole, metavar="N", help="that work at a time (default: one for each core)"
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
        help="line, argument, expression (default: these), statement, block, complete (nothing is missing there), "
        "words (of natural language)",
    )
    tasks.add_argument(
        "--elsewhere",
        type=whole,
        metavar="N",
        default=0,
        help="give each task N other files of its package, the nearest",
    )
    tasks.add_argument("--seed", type=int, metavar="N", default=0, help="of the draws (default: %(default)s)")


def _add_draw(parts: Commands) -> None:
    example = "mim-lsp corpus draw nano --tokenizer mim-py-nano --count 200000 --out .cache/examples/nano"
    draw = add_command(parts, "draw", _run_draw, "draw a run's examples beforehand, on all cores", example)
    draw.add_argument("recipe", metavar="RECIPE", help="a recipe's name, for example nano")
    draw.add_argument("--corpus", type=Path, metavar="DIR", default=DEFAULT_CORPUS, help="(default: %(default)s)")
    draw.add_argument(
        "--tokenizer",
        metavar="NAME|DIR",
        required=True,
        help="a model, or a run's folder: whose tokenizer to use",
    )
    draw.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="folder of the examples; a stopped call goes on"
    )
    draw.add_argument("--count", type=whole, metavar="N", required=True, help="examples, rounded up to whole shards")
    add_settings_flag(draw, "as `mim-lsp train --set`")
    _add_processes(draw)


def _add_pack(parts: Commands) -> None:
    example = f"mim-lsp corpus pack {DEFAULT_CORPUS} --out py-nano.jsonl.xz"
    pack = add_command(parts, "pack", _run_pack, "compress a corpus into parts that can be moved", example)
    pack.add_argument("corpus", type=Path, metavar="DIR", help="what `mim-lsp corpus build` wrote")
    pack.add_argument("--out", type=Path, metavar="FILE", required=True, help="parts are FILE.000, FILE.001 and on")
    pack.add_argument("--part-mb", type=whole, metavar="N", default=60, help="size of a part (default: %(default)s)")
    pack.add_argument("--preset", type=int, choices=range(10), default=6, help="of xz (default: %(default)s)")


def _add_unpack(parts: Commands) -> None:
    example = "mim-lsp corpus unpack py-nano.jsonl.xz --out .cache/corpora/py-nano"
    unpack = add_command(parts, "unpack", _run_unpack, "make the folder of a packed corpus again", example)
    unpack.add_argument("packed", type=Path, metavar="FILE", help="what was given to `mim-lsp corpus pack --out`")
    unpack.add_argument("--out", type=Path, metavar="DIR", required=True, help="the new folder")


def _run_build(args: argparse.Namespace) -> int:
    from mim_lsp.training.corpus.pipeline import build
    from mim_lsp.training.corpus.progress import terminal_progress

    out = args.out or DEFAULT_CORPUS.parent / args.manifest.stem
    with terminal_progress() as progress:
        report = build(
            args.manifest,
            out,
            cache=args.cache,
            decontaminate=args.decontaminate,
            processes=args.processes,
            progress=progress,
        )
    print(report.summary())
    return 0


def _run_tasks(args: argparse.Namespace) -> int:
    from mim_lsp.training.corpus.tasks import write_tasks

    written = write_tasks(
        args.corpus, args.out, kinds=args.kinds, count_per_kind=args.count, seed=args.seed, n_elsewhere=args.elsewhere
    )
    for kind, count in written.items():
        print(f"{count} tasks of kind {kind}")
    return 0


def _run_draw(args: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.corpus.progress import terminal_progress
    from mim_lsp.training.example_shards import draw

    # A run that has just begun has a tokenizer, but is no model yet.
    run = Path(args.tokenizer)
    folder = run if (run / "tokenizer.json").is_file() else find_model(args.tokenizer)
    with terminal_progress() as progress:
        count = draw(
            args.recipe,
            corpus=args.corpus,
            tokenizer=folder,
            out=args.out,
            count=args.count,
            settings=args.settings,
            processes=args.processes,
            progress=progress,
        )
    print(f"{count:,} examples in {args.out}")
    return 0


def _run_pack(args: argparse.Namespace) -> int:
    from mim_lsp.training.corpus.pack import pack
    from mim_lsp.training.corpus.progress import terminal_progress

    with terminal_progress() as progress:
        parts = pack(args.corpus, args.out, part_bytes=1_000_000 * args.part_mb, preset=args.preset, progress=progress)
    for part in parts:
        print(f"{part}: {part.stat().st_size / 1e6:.1f} MB")
    return 0


def _run_unpack(args: argparse.Namespace) -> int:
    from mim_lsp.training.corpus.pack import unpack
    from mim_lsp.training.corpus.progress import terminal_progress

    with terminal_progress() as progress:
        is_same = unpack(args.packed, args.out, progress=progress)
    other = "; the same documents, but this version of pyarrow writes them in other bytes"
    print(f"{args.out}{'' if is_same else other}")
    return 0
