"""`mim-lsp models`."""

from __future__ import annotations

import argparse

from mim_lsp.cli.flags import Commands, add_command


def add(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "models", _run, "list the models in the box and your own", "mim-lsp models")


def _run(_: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import DEFAULT_MODEL, list_models

    for model in list_models():
        size = f"{model.parameters / 1e6:.1f}M parameters, {model.bytes / 1e6:.1f} MB"
        mark = " (default)" if model.name == DEFAULT_MODEL else ""
        print(f"{model.name}{mark}  {size}\n    {model.summary}")
    return 0
