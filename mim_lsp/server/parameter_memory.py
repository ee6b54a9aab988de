"""What was found out of the functions of the document that was looked at last."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mim_lsp.server.documents import Document

if TYPE_CHECKING:
    from mim_lsp.parameters.declaration import Declaration
    from mim_lsp.parameters.missing_import import ImportLine
    from mim_lsp.parameters.source import Source

Key = tuple[int, str]
"""Where a function starts, and a name that it lacks."""


class ParameterMemory:
    """One version of one document, parsed, and the parameters that the model has written for it."""

    def __init__(self) -> None:
        self._version: tuple[str, int | None] | None = None
        self._source: Source | None = None
        self.declarations: dict[Key, Declaration] = {}
        self.under_way: dict[Key, asyncio.Task[None]] = {}
        self.imports: dict[str, tuple[ImportLine, ...]] = {}
        """By undefined name, the lines to which the model agrees."""
        self.asked_imports: dict[str, asyncio.Task[None]] = {}

    def look_at(self, document: Document, offset: int) -> Source:
        """The document as it is now; what is known of another document, or version, is forgotten."""
        from mim_lsp.parameters.source import Source

        version = (document.uri, document.version)
        if self._source is None or version != self._version:
            self._version, self._source = version, Source(document.source, offset)
            self.declarations, self.under_way = {}, {}
            self.imports, self.asked_imports = {}, {}
        return self._source
