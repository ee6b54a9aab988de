"""Reads the settings in the project's `pyproject.toml` again when that file changes."""

from __future__ import annotations

from lsprotocol import types

from mim_lsp.completion.uris import local_path
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.settings.sources import PROJECT_FILE


def register(ls: MimLanguageServer) -> None:
    """Install the handlers."""
    ls.feature(types.TEXT_DOCUMENT_DID_SAVE)(did_save)
    ls.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(did_change_watched_files)


def did_save(ls: MimLanguageServer, params: types.DidSaveTextDocumentParams) -> None:
    """A document was saved."""
    _changed(ls, params.text_document.uri)


def did_change_watched_files(ls: MimLanguageServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Files were changed, maybe by other programs."""
    for change in params.changes:
        _changed(ls, change.uri)


def _changed(ls: MimLanguageServer, uri: str) -> None:
    path = local_path(uri)
    if path is not None and path in [root / PROJECT_FILE for root in ls.configuration.roots[:1]]:
        ls.configuration.read_project()
