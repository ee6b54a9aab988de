"""The language server: LSP only, no model code. `run_stdio` is what `mim-lsp --stdio` runs."""

from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.stdio import create_server, run_stdio, serve

__all__ = ["MimLanguageServer", "create_server", "run_stdio", "serve"]
