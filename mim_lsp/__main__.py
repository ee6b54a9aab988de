"""`python -m mim_lsp` is the command line."""

import sys

from mim_lsp.cli import main

if __name__ == "__main__":
    sys.exit(main())
