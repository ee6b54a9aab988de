"""`mim-lsp --stdio`."""

from __future__ import annotations

import argparse
import gc


def run(args: argparse.Namespace) -> int:
    """Serve an editor until it goes away."""
    from mim_lsp.cli.options import runtime_options

    # Nearly everything that is made now stays for good: looking for garbage among it takes a tenth of the start.
    gc.disable()
    from mim_lsp.server import run_stdio

    gc.freeze()
    gc.enable()

    return run_stdio(args.model, runtime_options(args))
