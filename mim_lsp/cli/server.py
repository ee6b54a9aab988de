"""`mim-lsp --stdio`."""

from __future__ import annotations

import argparse


def run(args: argparse.Namespace) -> int:
    """Serve an editor until it goes away."""
    from mim_lsp.cli.options import runtime_options
    from mim_lsp.server import run_stdio

    return run_stdio(args.model, runtime_options(args))
