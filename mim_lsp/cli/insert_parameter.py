"""`mim-lsp insert-parameter`."""

from __future__ import annotations

import argparse
import codecs
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mim_lsp.cli.flags import Commands, add_command, add_model_flags

if TYPE_CHECKING:
    from mim_lsp.parameters.plan import Plan


def add(commands: Commands) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "insert-parameter",
        _run,
        "add the parameter that a Python function lacks, to its header and its calls in the file",
        "mim-lsp insert-parameter src/app.py:12:8 --name timeout",
    )
    command.add_argument("location", metavar="PATH:LINE:COLUMN", help="a place in the function; both count from 1")
    command.add_argument("--name", help="the parameter's name (default: the undefined name there, or the likeliest)")
    command.add_argument("--write", action="store_true", help="change the file, besides printing the change")
    add_model_flags(command)


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.completion.document import parse_location, read_cursor

    text, offset = read_cursor(args.location)

    from mim_lsp.cli.options import runtime_options
    from mim_lsp.completion import open_completer
    from mim_lsp.parameters.changes import apply
    from mim_lsp.parameters.insert import insert_parameter
    from mim_lsp.parameters.proposals import ask_model

    completer = open_completer(args.model, runtime_options(args))
    plan = insert_parameter(text, offset, ask_model(completer), args.name)
    path = parse_location(args.location).path
    changed = apply(text, plan.changes)
    sys.stdout.write(_diff(text, changed, path))
    _tell_untouched(text, plan, path)
    if args.write:
        mark = codecs.BOM_UTF8 if path.read_bytes().startswith(codecs.BOM_UTF8) else b""
        path.write_bytes(mark + changed.encode())
    return 0


def _diff(before: str, after: str, path: Path) -> str:
    """A unified diff, as `patch` and `git apply` take it."""
    import difflib

    name = path.as_posix().lstrip("/")
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    r"""The lines as `patch` counts them: only `\n` ends one."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _tell_untouched(text: str, plan: Plan, path: Path) -> None:
    for start, reason in plan.untouched:
        print(f"mim-lsp: not changed: {path}:{text.count(chr(10), 0, start) + 1}: {reason}", file=sys.stderr)
