"""What the server does for each message of the client. Thin: everything that can be pure lives elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mim_lsp.server import code_actions, commands, explain, parent, project, registration, reports, status
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.attention import look_at
from mim_lsp.server.inline import inline_completion
from mim_lsp.server.logs import ClientLog, set_level
from mim_lsp.server.messages import document_uri, position
from mim_lsp.server.progress import show_progress
from mim_lsp.server.roots import changed_roots

SECTION = "mim"
"""The section of the editor's configuration that holds our settings."""
START = types.Position(0, 0)

logger = logging.getLogger(__name__)


def register(ls: MimLanguageServer) -> None:
    """Install all handlers."""
    ls.feature(types.INITIALIZE)(initialize)
    ls.feature(types.INITIALIZED)(initialized)
    ls.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    ls.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(did_change_workspace_folders)
    ls.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    ls.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    ls.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    ls.feature("mim/didFocus")(did_focus)
    # Without options pygls handles the request but does not advertise it: that is `registration`'s to do.
    ls.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION)(inline_completion)
    for part in (code_actions, commands, explain, project, reports, status):
        part.register(ls)
    ls.configuration.on_change(lambda _, after: set_level(after.log_level))


def initialize(ls: MimLanguageServer, params: types.InitializeParams) -> None:
    """Take over what the client tells of itself."""
    ls.adopt_client(params)
    registration.announce(ls)
    if params.process_id is not None:
        ls.start(parent.watch(params.process_id, partial(_leave, ls)))


def initialized(ls: MimLanguageServer, _: types.InitializedParams) -> None:
    """Load the model and fetch the user's settings, in the background."""
    ClientLog(ls, asyncio.get_running_loop()).attach()
    ls.start(registration.register_later(ls))
    ls.start(_load_model(ls))
    ls.start(show_progress(ls, "Loading the completion model", ls.model.settled))
    ls.start(_begin(ls))


def did_change_configuration(ls: MimLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Fetch the settings again, or take the pushed ones from a client that cannot be asked."""
    if ls.can_ask_settings:
        ls.start(_pull_settings(ls))
    elif isinstance(params.settings, dict):
        ls.configuration.update(params.settings.get(SECTION))


def did_change_workspace_folders(ls: MimLanguageServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Read files in the folders that were added, and no longer in those that were removed."""
    ls.adopt_roots(changed_roots(ls.configuration.roots, params.event))


def did_open(ls: MimLanguageServer, params: types.DidOpenTextDocumentParams) -> None:
    """Read ahead in a document that was opened: the typist is at its start until a message says otherwise."""
    ls.context.update(params.text_document.uri, params.text_document.text)
    look_at(ls, params.text_document.uri, START)


def did_change(ls: MimLanguageServer, params: types.DidChangeTextDocumentParams) -> None:
    """Give up what no longer fits the document; what goes on with it stays."""
    uri = params.text_document.uri
    document = ls.document(uri)
    if document is not None:
        ls.idle.stir(uri)
        ls.suggestions.changed(uri, document.source)
        ls.context.update(uri, document.source)


def did_focus(ls: MimLanguageServer, params: Any) -> None:
    """The typist has come to a document, at `position` if the client tells: read ahead there."""
    uri = document_uri(params)
    if uri is not None:
        look_at(ls, uri, position(params) or START)


def did_close(ls: MimLanguageServer, params: types.DidCloseTextDocumentParams) -> None:
    """Give up what is being completed in the document and free what is held for it."""
    uri = params.text_document.uri
    ls.idle.forget(uri)
    ls.suggestions.forget(uri)
    ls.context.close(uri)
    ls.permission.forget(uri)


def _leave(ls: MimLanguageServer) -> None:
    """End the process at once: the thread that reads stdin waits for a client that will not write any more."""
    logger.error("The client is gone")
    ls.feedback.flush()
    os._exit(1)


async def _load_model(ls: MimLanguageServer) -> None:
    await ls.model.load()
    ls.tell_if_failed()


async def _begin(ls: MimLanguageServer) -> None:
    """Get the settings, and then look at what was opened meanwhile."""
    await _pull_settings(ls)
    ls.configuration.arrive()
    for document in ls.workspace.text_documents.values():
        look_at(ls, document.uri, START)


async def _pull_settings(ls: MimLanguageServer) -> None:
    """Ask the client for its settings, if it can be asked."""
    if ls.can_ask_settings:
        query = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
        try:
            answers = await ls.workspace_configuration_async(query)
            ls.configuration.update(next(iter(answers), None))
        except JsonRpcException as error:
            logger.warning("The client did not give its settings: %s", error)
