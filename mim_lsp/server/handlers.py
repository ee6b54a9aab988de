"""What the server does for each message of the client. Thin: everything that can be pure lives elsewhere."""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mim_lsp.completion.types import CompletionResult
from mim_lsp.errors import Cancelled, DocumentError
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.convert import inline_items, no_items, typed_since
from mim_lsp.server.documents import Document
from mim_lsp.server.logs import ClientLog
from mim_lsp.server.progress import show_progress

SECTION = "mim"
"""The section of the editor's configuration that holds our settings."""

logger = logging.getLogger(__name__)


def register(ls: MimLanguageServer) -> None:
    """Install all handlers."""
    ls.feature(types.INITIALIZE)(initialize)
    ls.feature(types.INITIALIZED)(initialized)
    ls.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    ls.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    # Without options pygls would handle the request but not advertise it.
    ls.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(inline_completion)
    ls.feature("mim/status")(status)


def initialize(ls: MimLanguageServer, params: types.InitializeParams) -> None:
    """Take over what the client tells of itself."""
    ls.adopt_client(params)


def initialized(ls: MimLanguageServer, _: types.InitializedParams) -> None:
    """Load the model and fetch the user's settings, in the background."""
    ClientLog(ls, asyncio.get_running_loop()).attach()
    ls.start(_load_model(ls))
    ls.start(show_progress(ls, "Loading the completion model", ls.model.settled))
    ls.start(_pull_settings(ls))


def did_change_configuration(ls: MimLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Fetch the settings again, or take the pushed ones from a client that cannot be asked."""
    if ls.can_ask_settings:
        ls.start(_pull_settings(ls))
    elif isinstance(params.settings, dict):
        ls.configure(params.settings.get(SECTION))


def did_close(ls: MimLanguageServer, params: types.DidCloseTextDocumentParams) -> None:
    """Give up what is being completed in the document and free what is held for it."""
    ls.requests.drop(params.text_document.uri)
    ls.model.forget(params.text_document.uri)


async def inline_completion(ls: MimLanguageServer, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Suggest text for the cursor; an empty list if there is nothing to offer or a newer request came.

    A cancelled request ends with CancelledError, which pygls answers with RequestCancelled.
    """
    document = ls.document(params.text_document.uri)
    if document is None or not document.is_python:
        ls.counters.answered("unsupported_language")
        return no_items()
    items = await ls.requests.run(document.uri, _suggest(ls, document, params))
    if items is None:
        ls.counters.answered("superseded")
        return no_items()
    return items


def status(ls: MimLanguageServer, _: object) -> dict[str, object]:
    """What the server is doing, for people and for the editors' status lines."""
    return {
        "model": ls.model.model_name,
        "state": ls.model.state,
        "message": ls.model.message,
        "activeDecodes": ls.model.active_decodes,
        "served": ls.counters.served,
        "lastReason": ls.counters.last_reason,
    }


async def _suggest(
    ls: MimLanguageServer, document: Document, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """The suggestions for a position in the document as it is now."""
    # The document changes while the model works: keep what the client asked about.
    text, offset = document.source, document.offset_at_position(params.position)
    result = await _complete(ls, document.uri, text, offset, params.context.trigger_kind)
    typed = typed_since(text, offset, document.source)
    if typed is None or "\n" in typed or "\r" in typed:
        ls.counters.answered("superseded")
        return no_items()
    items = inline_items(result.candidates, params.position, typed, document.encoding)
    ls.counters.answered(None if items.items else result.reason or "superseded")
    return items


async def _complete(
    ls: MimLanguageServer, uri: str, text: str, offset: int, trigger: types.InlineCompletionTriggerKind
) -> CompletionResult:
    """The model's result. Here, and nowhere else, its failures become empty results."""
    try:
        return await ls.model.complete(uri, text, offset, ls.settings.options_for(trigger))
    except Cancelled:
        return CompletionResult(reason="cancelled")
    except DocumentError as error:
        logger.warning("%s", error)
        return CompletionResult(reason="outside_document")
    except Exception:  # border: a defect in completing one document must not cost the user the server
        logger.exception("Completing %s at offset %d failed", uri, offset)
        return CompletionResult(reason="failed")


async def _load_model(ls: MimLanguageServer) -> None:
    await ls.model.load()
    if ls.model.state == "failed":
        ls.show(types.MessageType.Error, ls.model.message)


async def _pull_settings(ls: MimLanguageServer) -> None:
    if not ls.can_ask_settings:
        return
    query = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
    try:
        answers = await ls.workspace_configuration_async(query)
    except JsonRpcException as error:
        logger.warning("The client did not give its settings: %s", error)
        return
    ls.configure(next(iter(answers), None))
