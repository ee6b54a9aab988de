"""`mim-lsp quantize`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mim_lsp.cli.flags import Commands, add_command


def add(commands: Commands) -> None:
    """Add the command."""
    example = "mim-lsp quantize mim-py-nano --bits 4 --out mim-py-nano-int4"
    command = add_command(commands, "quantize", _run, "make a model smaller and faster", example)
    command.add_argument("source", metavar="NAME|DIR", help="a model; best one with weights of more bits")
    command.add_argument("--out", type=Path, metavar="DIR", required=True, help="the new model folder")
    command.add_argument("--bits", type=int, choices=(4, 8), default=4, help="of a weight (default: %(default)s)")
    command.add_argument(
        "--group", type=int, choices=(32, 64), default=64, help="int4 weights that share a scale (default: %(default)s)"
    )
    command.add_argument(
        "--calibration",
        type=Path,
        nargs="+",
        metavar="PATH",
        default=(),
        help="Python files or folders that show what the model will read (default: Python's own library)",
    )


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.quantization.folder import QuantizationSettings, quantize_folder

    settings = QuantizationSettings(args.bits, args.group, tuple(args.calibration))

    def say(done: int, total: int) -> None:
        print(f"layer {done} of {total}", file=sys.stderr, flush=True)

    size = quantize_folder(find_model(args.source), args.out, settings, say)
    print(f"{args.out}: {size / 1e6:.1f} MB of weights")
    return 0
