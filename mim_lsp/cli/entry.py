"""Runs one command and turns what users can mend into one line on stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from mim_lsp.cli.flags import Run
from mim_lsp.cli.parser import parse
from mim_lsp.errors import MimError

# Packages that the base install leaves out, and the extra that brings each.
_EXTRA_OF = {
    "torch": "torch",
    "numpy": "torch",
    "safetensors": "torch",
    "datasketch": "train",
    "matplotlib": "train",
    "pyarrow": "train",
    "tokenizers": "train",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; `arguments` default to the process's own. Returns the exit code."""
    args = parse(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Documents are UTF-8, whatever the locale of the terminal says.
        sys.stdout.reconfigure(encoding="utf-8")
    run: Run = args.run
    try:
        code = run(args)
        sys.stdout.flush()
        return code
    except MimError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        extra = _EXTRA_OF.get(library)
        if extra is None:
            raise
        return _fail(f"this needs {library}, which the base install leaves out: pip install 'mim-lsp[{extra}]'")
    except BrokenPipeError:
        # The reader of our output went away (`| head`). Python flushes once more at exit: let that go into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return 130


def _fail(message: str) -> int:
    line = " ".join(message.splitlines())
    print(f"mim-lsp: error: {line}", file=sys.stderr)
    return 2
