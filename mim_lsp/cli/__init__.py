"""The command line. Parses first and imports afterwards, so that `--help` and mistyped flags are answered at once.

Each command has a module here with a function `add(commands)`, which declares its flags; what the command needs is
imported when it runs. Exit codes: 0 done, 2 an error that the user can mend (one line on stderr), 130 interrupted.
"""

from mim_lsp.cli.entry import main
from mim_lsp.cli.parser import build_parser

__all__ = ["build_parser", "main"]
