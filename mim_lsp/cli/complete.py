"""`mim-lsp complete`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from mim_lsp.cli.flags import Commands, add_command, add_flag, add_model_flags, add_option_flags, positive, whole

if TYPE_CHECKING:
    from mim_lsp.completion.types import CompletionResult


def add(commands: Commands) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "complete",
        _run,
        "print the text to insert at a cursor",
        "mim-lsp complete src/app.py:12:8 --json",
    )
    command.add_argument("location", metavar="PATH:LINE:COLUMN", help="the cursor; line and column count from 1")
    output = command.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object with all candidates")
    output.add_argument("--show", action="store_true", help="print the lines around the cursor with the text in place")
    add_model_flags(command)
    add_option_flags(command)
    add_flag(command, "--candidates", whole, "N", "most suggestions to return (default: 1)")
    add_flag(command, "--max-tokens", whole, "N", "most tokens that either side writes (default: 64)")
    add_flag(command, "--max-ms", positive, "MS", "end decoding after so many milliseconds (default: no limit)")


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.completion.document import read_cursor

    text, offset = read_cursor(args.location)

    from mim_lsp.cli.options import options_at, runtime_options
    from mim_lsp.completion import open_completer

    completer = open_completer(args.model, runtime_options(args))
    result = completer.complete(text, offset, options_at(args.location, args))
    _print(args, text, offset, result, completer.model_name)
    return 0


def _print(args: argparse.Namespace, text: str, offset: int, result: CompletionResult, model: str) -> None:
    if args.json:
        from mim_lsp.completion.report import as_json

        print(json.dumps(as_json(result, model)))
    elif args.show:
        from rich.console import Console

        from mim_lsp.completion.show import show

        show(Console(), text, offset, result, model)
    elif result.reason:
        print(f"mim-lsp: nothing offered: {result.reason}", file=sys.stderr)
    else:
        print(result.insert_text)
