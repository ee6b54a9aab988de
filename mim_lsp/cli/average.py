"""`mim-lsp average`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import Commands, add_command


def add(commands: Commands) -> None:
    """Add the command."""
    example = "mim-lsp average runs/a/mim-py-nano runs/b/mim-py-nano --out mim-py-nano"
    command = add_command(commands, "average", _run, "one model from several that began with the same weights", example)
    command.add_argument("sources", nargs="+", metavar="NAME|DIR", help="models of one shape and tokenizer")
    command.add_argument("--out", type=Path, metavar="DIR", required=True, help="the new model folder")


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.average import average_models

    average_models([find_model(source) for source in args.sources], args.out)
    print(f"{args.out}: the mean of {len(args.sources)} models")
    return 0
