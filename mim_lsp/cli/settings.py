"""`mim-lsp settings`."""

from __future__ import annotations

import argparse
import json

from mim_lsp.cli.flags import Commands, add_command


def add(commands: Commands) -> None:
    """Add the command."""
    summary = "print the table of all settings of the server, in Markdown"
    command = add_command(commands, "settings", _run, summary, "mim-lsp settings --schema")
    command.add_argument("--schema", action="store_true", help="print their JSON schema instead")


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.server.settings.schema import json_schema, markdown_table

    print(json.dumps(json_schema(), indent=2) if args.schema else markdown_table())
    return 0
