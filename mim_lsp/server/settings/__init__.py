"""The user's settings: what there is (`keys`), where it comes from (`sources`), and its schema and table (`schema`)."""

from mim_lsp.server.settings.keys import RuntimeChoice, Settings
from mim_lsp.server.settings.sources import Source, gather

__all__ = ["RuntimeChoice", "Settings", "Source", "gather"]
