"""The open documents, with the protocol's idea of a line instead of Python's.

pygls finds lines with `str.splitlines`, which also breaks at form feeds and the like: one such character in a file
and every edit below it would land on the wrong line. It has no hook for its document class, hence `Workspace` below
is put in place of its own when a client initializes.
"""

from __future__ import annotations

from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import TextDocument
from pygls.workspace import Workspace as PyglsWorkspace

from mim_lsp.completion.language import document_language
from mim_lsp.server.convert import offset_at, position_at


class Document(TextDocument):
    """An open document; `source` is its text, `version` the client's number for it."""

    @property
    def encoding(self) -> str:
        """The unit of the client's columns: utf-8, utf-16 (the protocol's default) or utf-32."""
        return self.position_codec.encoding or types.PositionEncodingKind.Utf16

    def offset_at_position(self, client_position: types.Position) -> int:
        """The offset (code points) of a position in the client's units, clamped to the text."""
        return offset_at(self.source, client_position, self.encoding)

    def position_at(self, offset: int) -> types.Position:
        """The position, in the client's units, of an offset (code points) in the text."""
        return position_at(self.source, offset, self.encoding)

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        """Apply one edit, or replace the whole text if the change names no range."""
        text = change.text
        if isinstance(change, types.TextDocumentContentChangePartial):
            start = self.offset_at_position(change.range.start)
            end = max(start, self.offset_at_position(change.range.end))
            text = self.source[:start] + text + self.source[end:]
        self._source = text

    @property
    def language(self) -> str:
        """The document's language, by its LSP `languageId`."""
        return document_language(self.language_id, self.uri)


class Workspace(PyglsWorkspace):
    """The documents a client has opened."""

    def put_text_document(self, text_document: types.TextDocumentItem, notebook_uri: str | None = None) -> None:
        """Take up a document that the client opened; notebooks are not synchronized."""
        self.text_documents[unquote(text_document.uri)] = Document(
            text_document.uri,
            source=text_document.text,
            version=text_document.version,
            language_id=text_document.language_id,
            position_codec=self.position_codec,
        )

    def open_document(self, uri: str) -> Document | None:
        """The document of that URI, or None unless the client has opened it (nothing is read from disk)."""
        document = self.text_documents.get(unquote(uri))
        return document if isinstance(document, Document) else None
