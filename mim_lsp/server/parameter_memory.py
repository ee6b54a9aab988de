"""What was found out of the functions of the document that was looked at last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mim_lsp.server.documents import Document
from mim_lsp.server.questions import Questions

if TYPE_CHECKING:
    from mim_lsp.parameters.declaration import Declaration
    from mim_lsp.parameters.missing_import import ImportLine
    from mim_lsp.parameters.source import Source

FunctionName = tuple[int, str]
"""Where a function starts, and a name that it lacks."""


class ParameterMemory:
    """One version of one document, parsed, and the parameters that the model has written for it."""

    def __init__(self) -> None:
        self._version: tuple[str, int | None] | None = None
        self._source: Source | None = None
        self.declarations: Questions[FunctionName, Declaration] = Questions()
        self.imports: Questions[str, tuple[ImportLine, ...]] = Questions()
        """By undefined name, the lines to which the model agrees."""

    def look_at(self, document: Document, offset: int) -> Source:
        """The document as it is now, parsed around `offset` at least; what is known of another document, or version, is
        forgotten.
        """
        from mim_lsp.parameters.source import Source

        version = (document.uri, document.version)
        if version != self._version:
            self.declarations.drop()
            self.imports.drop()
            self.declarations, self.imports = Questions(), Questions()
        if self._source is None or version != self._version or not self._source.covers(offset):
            self._version, self._source = version, Source(document.source, offset)
        return self._source
