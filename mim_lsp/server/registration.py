"""Which features the client is told of, and when: with `initialize`, or afterwards if it wants that.

A client that says `dynamicRegistration` for a feature is told of it after `initialized`, others in the capabilities.
The completion menu is offered only while the setting `fallbackCompletion` is on.
"""

from __future__ import annotations

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mim_lsp.server.app import MimLanguageServer, logger
from mim_lsp.server.fallback import TRIGGERS, menu_completion
from mim_lsp.server.settings import Settings

INLINE = types.TEXT_DOCUMENT_INLINE_COMPLETION
MENU = types.TEXT_DOCUMENT_COMPLETION
_FILES = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
_PROJECT_FILES = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/pyproject.toml")])


def announce(ls: MimLanguageServer) -> None:
    """Put into the capabilities what this client cannot be told of later; before `initialize` is answered."""
    options = ls.protocol.fm.feature_options
    if not _is_dynamic(ls, INLINE):
        options[INLINE] = types.InlineCompletionOptions()
    if not _is_dynamic(ls, MENU) and ls.settings.fallback_completion:
        ls.feature(MENU, types.CompletionOptions(trigger_characters=TRIGGERS))(menu_completion)


async def register_later(ls: MimLanguageServer) -> None:
    """Tell the client of the other features, now that it is ready."""
    if _is_dynamic(ls, INLINE):
        await _register(ls, INLINE, types.InlineCompletionRegistrationOptions())
    if _is_dynamic(ls, _FILES):
        await _register(ls, _FILES, _PROJECT_FILES)
    if _is_dynamic(ls, MENU):
        ls.feature(MENU)(menu_completion)
        ls.configuration.on_change(lambda before, after: _follow(ls, before, after))
        if ls.settings.fallback_completion:
            await _register_menu(ls)


def _follow(ls: MimLanguageServer, before: Settings, after: Settings) -> None:
    if before.fallback_completion != after.fallback_completion:
        ls.start(_register_menu(ls) if after.fallback_completion else _unregister(ls, MENU))


async def _register_menu(ls: MimLanguageServer) -> None:
    await _register(ls, MENU, types.CompletionRegistrationOptions(trigger_characters=TRIGGERS))


async def _register(ls: MimLanguageServer, method: str, options: object) -> None:
    registration = types.Registration(id=method, method=method, register_options=options)
    try:
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    except JsonRpcException as error:
        logger.warning("The client refused to register %s: %s", method, error)


async def _unregister(ls: MimLanguageServer, method: str) -> None:
    try:
        await ls.client_unregister_capability_async(types.UnregistrationParams([types.Unregistration(method, method)]))
    except JsonRpcException as error:
        logger.warning("The client refused to unregister %s: %s", method, error)


def _is_dynamic(ls: MimLanguageServer, method: str) -> bool:
    """Whether the client can be told of a feature after `initialized`."""
    document, workspace = ls.client_capabilities.text_document, ls.client_capabilities.workspace
    clients = {
        INLINE: document and document.inline_completion,
        MENU: document and document.completion,
        _FILES: workspace and workspace.did_change_watched_files,
    }
    return bool((client := clients[method]) and client.dynamic_registration)
