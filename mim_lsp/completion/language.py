"""The language of a document that an editor has opened."""

from __future__ import annotations

from mim_lsp.completion.uris import path_in
from mim_lsp.syntax.languages import language_of

UNTOLD = frozenset({"", "plaintext"})
"""What editors say of a file that they do not know."""


def document_language(language_id: str | None, uri: str) -> str:
    """What the editor calls the document's language; where it knows none, what the name of the file tells."""
    known = language_id or ""
    return language_of(path_in(uri)) if known in UNTOLD else known
