"""`mim-lsp grow`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mim_lsp.cli.flags import Commands, add_command, add_settings_flag


def add(commands: Commands) -> None:
    """Add the command."""
    example = "mim-lsp grow mim-py-nano --recipe small --out runs/grown"
    command = add_command(commands, "grow", _run, "a larger model that begins where a smaller one is", example)
    command.add_argument("source", metavar="NAME|DIR", help="the smaller model")
    command.add_argument("--recipe", required=True, help="whose shape it gets, for example small")
    add_settings_flag(command, "change a setting of the recipe")
    command.add_argument("--out", type=Path, metavar="DIR", required=True, help="the new model folder")


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.grow import grow_model
    from mim_lsp.training.recipes import find_recipe
    from mim_lsp.training.settings import with_settings

    recipe = with_settings(find_recipe(args.recipe), args.settings)
    config = grow_model(find_model(args.source), recipe, args.out)
    print(f"{args.out}: {config.n_parameters / 1e6:.1f}M parameters that compute what {args.source} computes")
    return 0
