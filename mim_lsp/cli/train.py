"""`mim-lsp train`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import (
    DEFAULT_CORPUS,
    Commands,
    add_command,
    add_device_flag,
    add_settings_flag,
    natural,
    positive,
    whole,
)


def add(commands: Commands) -> None:
    """Add the command."""
    example = "mim-lsp train nano --minutes 85 --out runs/nano"
    command = add_command(commands, "train", _run, "train a model on a corpus", example)
    command.add_argument("recipe", metavar="RECIPE", help="a recipe's name, for example nano or smoke")
    length = command.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=positive, metavar="M", help="time to train (default: the recipe's own)")
    length.add_argument("--steps", type=whole, metavar="N", help="end after so many steps instead")
    command.add_argument(
        "--corpus",
        type=Path,
        metavar="DIR",
        default=DEFAULT_CORPUS,
        help="what `mim-lsp corpus build` wrote (default: %(default)s)",
    )
    command.add_argument("--out", type=Path, metavar="DIR", help="checkpoint, log and model (default: runs/RECIPE)")
    command.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    beginning = command.add_mutually_exclusive_group()
    beginning.add_argument(
        "--from", dest="start", metavar="NAME|DIR", help="begin with this model's weights and tokenizer"
    )
    beginning.add_argument(
        "--branch",
        type=Path,
        metavar="DIR",
        help="begin with the checkpoint of the run in DIR, optimizer, steps and all, by this recipe and its settings",
    )
    add_settings_flag(
        command, "change a setting of the recipe for this run, for example beta=0; kept in recipe.json in --out"
    )
    command.add_argument(
        "--lr-scale", type=positive, metavar="X", help="factor on the learning rates: --set lr_scale=X"
    )
    command.add_argument("--threads", type=whole, metavar="N", help="CPU threads (default: PyTorch's choice)")
    command.add_argument(
        "--feeders", type=natural, metavar="N", help="processes that draw windows (default: none on a CPU, 8 for a GPU)"
    )
    command.add_argument("--drawn", type=Path, metavar="DIR", help="windows that `mim-lsp corpus draw` drew, instead")
    command.add_argument(
        "--shard", action="store_true", help="under torchrun: each process keeps a part of the model only (FSDP2)"
    )
    command.add_argument("--plan", action="store_true", help="only print what the recipe needs: memory, FLOPs, days")
    add_device_flag(command)


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.training.run import Machine, train

    scale = [] if args.lr_scale is None else [f"lr_scale={args.lr_scale}"]
    settings = [*args.settings, *scale]
    if args.plan:
        return _plan(args.recipe, settings)
    train(
        args.recipe,
        corpus=args.corpus,
        out=args.out or Path("runs") / args.recipe,
        minutes=args.minutes,
        steps=args.steps,
        resume=args.resume,
        start=_model(args.start) if args.start else None,
        branch=args.branch,
        settings=settings,
        machine=Machine(args.device, args.threads, args.shard, args.feeders, args.drawn),
    )
    return 0


def _model(name: str) -> Path:
    from mim_lsp.runtime.loading import find_model

    return find_model(name)


def _plan(recipe: str, settings: list[str]) -> int:
    from mim_lsp.training.plan import plan_lines
    from mim_lsp.training.recipes import find_recipe
    from mim_lsp.training.settings import with_settings

    print("\n".join(plan_lines([with_settings(find_recipe(recipe), settings)])))
    return 0
