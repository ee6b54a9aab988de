"""`mim-lsp train`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import DEFAULT_CORPUS, Commands, add_command, add_device_flag, positive, whole


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
    command.add_argument(
        "--from", dest="start", metavar="NAME|DIR", help="begin with this model's weights and tokenizer"
    )
    command.add_argument(
        "--lr-scale",
        type=positive,
        default=1.0,
        metavar="X",
        help="factor on the learning rates (default: %(default)g)",
    )
    command.add_argument("--threads", type=whole, metavar="N", help="CPU threads (default: PyTorch's choice)")
    add_device_flag(command)


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.run import train

    train(
        args.recipe,
        corpus=args.corpus,
        out=args.out or Path("runs") / args.recipe,
        minutes=args.minutes,
        steps=args.steps,
        resume=args.resume,
        device=args.device,
        threads=args.threads,
        start=find_model(args.start) if args.start else None,
        lr_scale=args.lr_scale,
    )
    return 0
