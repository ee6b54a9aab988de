"""`mim-lsp explain`."""

from __future__ import annotations

import argparse
import json

from mim_lsp.cli.flags import Commands, add_command, add_flag, add_json_flag, add_model_flags, add_option_flags, whole


def add(commands: Commands) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "explain",
        _run,
        "tell how the suggestion at a cursor comes about, or why there is none",
        "mim-lsp explain src/app.py:12:8",
    )
    command.add_argument("location", metavar="PATH:LINE:COLUMN", help="the cursor; line and column count from 1")
    add_json_flag(command)
    add_model_flags(command)
    add_option_flags(command, eagerness="0.5")
    add_flag(command, "--candidates", whole, "N", "most suggestions to ask for (default: 1)")


def _run(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from mim_lsp.completion.document import read_cursor

    text, offset = read_cursor(args.location)

    from mim_lsp.cli.options import options_at, runtime_options
    from mim_lsp.completion import CompletionOptions, open_completer

    options = options_at(args.location, args)
    if "eagerness" not in args:
        options = replace(options, eagerness=CompletionOptions.eagerness)  # what an editor shows is to be explained
    completer = open_completer(args.model, runtime_options(args))
    explanation = completer.complete(text, offset, options).explanation
    assert explanation is not None  # a model was asked
    if args.json:
        print(json.dumps({**explanation.as_json(), "model": completer.model_name}))
    else:
        from rich.console import Console

        from mim_lsp.completion.show_explanation import show_explanation

        show_explanation(Console(), explanation)
    return 0
