"""The parser of all commands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mim_lsp import __version__
from mim_lsp.cli import (
    average,
    bench,
    calibrate,
    complete,
    corpus,
    doctor,
    evaluate,
    explain,
    grow,
    insert_parameter,
    models,
    quantize,
    server,
    settings,
    stats,
    train,
    tune,
)
from mim_lsp.cli.flags import add_model_flags

_COMMANDS = (
    complete,
    explain,
    insert_parameter,
    evaluate,
    calibrate,
    bench,
    corpus,
    train,
    tune,
    grow,
    average,
    quantize,
    models,
    stats,
    settings,
    doctor,
)
"""In the order of `mim-lsp --help`."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The parsed command; its `run` is the function that carries it out. A wrong command line ends the process."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.stdio and args.command:
        parser.error("--stdio starts the server and takes no command")
    if args.stdio:
        args.run = server.run
    elif not args.command:
        parser.error("name a command, or --stdio to start the server; --help lists them")
    return args


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `run` to the function that carries it out."""
    parser = argparse.ArgumentParser(
        prog="mim-lsp",
        description="Private, local code completion with a meet-in-the-middle language model.",
        epilog="example:\n  mim-lsp --stdio          what an editor starts\n  mim-lsp complete app.py:12:8 --show",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"mim-lsp {__version__}")
    parser.add_argument("--stdio", action="store_true", help="speak the Language Server Protocol on stdin and stdout")
    add_model_flags(parser)
    parser.set_defaults(model=None, device="auto", runtime="auto", threads=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in _COMMANDS:
        command.add(commands)
    return parser
