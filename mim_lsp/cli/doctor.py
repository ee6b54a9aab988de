"""`mim-lsp doctor`."""

from __future__ import annotations

import argparse

from mim_lsp.cli.flags import Commands, add_command, add_model_flags


def add(commands: Commands) -> None:
    """Add the command."""
    summary = "check this installation; exit code 0 if all is well"
    command = add_command(commands, "doctor", _run, summary, "mim-lsp doctor")
    add_model_flags(command)


def _run(args: argparse.Namespace) -> int:
    from mim_lsp.cli.options import runtime_options
    from mim_lsp.doctor import examine

    findings = examine(args.model, runtime_options(args))
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:<12} {finding.detail}")
    return 0 if all(finding.ok for finding in findings) else 2
