"""The other open Python files of the workspace, and what their imports lead to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mim_lsp.completion.exclusion import Exclusions
from mim_lsp.completion.uris import local_path
from mim_lsp.completion.workspace_files import WorkspaceFiles
from mim_lsp.parameters.imported import Call, Called, imported_function
from mim_lsp.parameters.importers import Importer, OpenFile, importers_of
from mim_lsp.parameters.missing_import import ImportLine, import_lines
from mim_lsp.parameters.source import Signature, Source
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.documents import Document


class Neighbours(NamedTuple):
    """A document with the files that are open beside it, as they are at one moment."""

    path: Path | None
    """Of the document; None if it is no file, and then nothing can import it."""
    files: WorkspaceFiles
    exclusions: Exclusions
    others: tuple[OpenFile, ...]
    versions: dict[str, int | None]
    """Of all open documents, by their URIs."""

    @classmethod
    def of(cls, ls: MimLanguageServer, document: Document) -> Neighbours:
        """What is open now."""
        others = tuple(_open_files(ls, document))
        files = WorkspaceFiles(ls.configuration.roots, ls.permission.exclusions)
        versions = {uri: each.version for uri, each in ls.workspace.text_documents.items()}
        return cls(local_path(document.uri), files, ls.permission.exclusions, others, versions)

    def importers(self, source: Source, signature: Signature) -> list[Importer]:
        """The other files that call a function of the document. Reads files; any thread may call it."""
        if self.path is None:
            return []
        self.files.begin()
        self.files.put(self.path, source.text)
        return importers_of(self.files, self.path, source, signature, self.others)

    def imported(self, source: Source, name: str, call: Call) -> Signature | None:
        """The function of another file of the workspace that a call in the document is of. Reads files."""
        if self.path is None:
            return None
        self.files.begin()
        return imported_function(self.files, self.path, source, Called(name, call), self._text)

    def import_lines(self, source: Source, name: str) -> list[ImportLine]:
        """The lines that would define a name of the document."""
        return import_lines(self.files, name, source, self.others)

    def _text(self, path: Path) -> str | None:
        """What a file holds, unsaved changes included; None if it may not be read."""
        is_open = next((each.text for each in self.others if each.path == path), None)
        return self.exclusions.read_allowed(path) if is_open is None else is_open

    def have_changed(self, ls: MimLanguageServer) -> bool:
        """Whether the text of any of the files is another one now."""
        now = ls.workspace.text_documents
        return any(uri not in now or now[uri].version != version for uri, version in self.versions.items())


def _open_files(ls: MimLanguageServer, document: Document) -> Iterator[OpenFile]:
    """The other open Python files that may be read."""
    for each in ls.workspace.text_documents.values():
        path = local_path(each.uri)
        if not isinstance(each, Document) or path is None or each.uri == document.uri:
            continue
        if each.language == "python" and ls.permission.refusal(each, invoked=True) is None:
            yield OpenFile(each.uri, path, each.source)
