"""`textDocument/codeAction` and `codeAction/resolve`: asks each kind of action for what it has.

Those that look into code are imported when they are first asked: they bring in the parser, which at the start is left
to the model's thread.
"""

from __future__ import annotations

import asyncio

from lsprotocol import types

from mim_lsp.server import rewrite
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.attention import look_at


def register(ls: MimLanguageServer) -> None:
    """Install the handlers."""
    kinds = [types.CodeActionKind.QuickFix, rewrite.KIND]
    options = types.CodeActionOptions(code_action_kinds=kinds, resolve_provider=True)
    ls.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)(offer)
    ls.feature(types.CODE_ACTION_RESOLVE)(resolve)


async def offer(ls: MimLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """All actions for a place or a selection."""
    from mim_lsp.server import arguments, imports, parameters

    parts = (parameters, arguments, imports, rewrite)
    offers = await asyncio.gather(*(part.offer(ls, params) for part in parts))  # they wait for the model together
    actions = [action for offer in offers for action in offer]
    look_at(ls, params.text_document.uri, params.range.end)  # reads ahead, which would take the cores from the list
    return actions


async def resolve(ls: MimLanguageServer, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit."""
    from mim_lsp.server import arguments, imports, parameters

    match action.data:
        case [parameters.TAG, *_]:
            return await parameters.resolve(ls, action)
        case [arguments.TAG, *_]:
            return await arguments.resolve(ls, action)
        case [imports.TAG, *_]:
            return await imports.resolve(ls, action)
    return await rewrite.resolve(ls, action)
