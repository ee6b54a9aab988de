"""The code action "Rewrite selection (fill between)": the model fills anew what lies between its neighbours.

It is worked out when the user picks it (`codeAction/resolve`); for clients that cannot resolve edits it is worked out
at once, and offered only if there is something to put there.
"""

from __future__ import annotations

from dataclasses import replace

from lsprotocol import types

from mim_lsp.completion.reasons import REASONS
from mim_lsp.completion.types import CancelFlag, CompletionOptions
from mim_lsp.errors import Cancelled
from mim_lsp.server.action_support import resolves_edits, wants
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.documents import Document
from mim_lsp.server.model_host import Place

TITLE = "Rewrite selection (fill between)"
KIND = types.CodeActionKind.RefactorRewrite
MOST_LINES = 40
MOST_MS = 5000.0
"""Someone has asked for it and waits: more time than while typing."""
_TOKENS_PER_LINE = 16


async def offer(ls: MimLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The action, for a selection that can be rewritten."""
    document = ls.document(params.text_document.uri)
    if document is None or not wants(params.context, KIND) or ls.permission.refusal(document, invoked=True):
        return []
    span = selection(document, params.range)
    if span is None:
        return []
    action = types.CodeAction(title=TITLE, kind=KIND)
    if resolves_edits(ls):
        action.data = [document.uri, document.version, *span]
        return [action]
    outcome = await _rewrite(ls, document, *span)
    if isinstance(outcome, str):
        return []
    action.edit = outcome
    return [action]


async def resolve(ls: MimLanguageServer, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit; without one, and with a message that says why, if there is nothing to put there."""
    outcome: types.WorkspaceEdit | str = "The document has changed since."
    match action.data:
        case [str(uri), version, int(start), int(end)]:
            document = ls.document(uri)
            if document is not None and document.version == version:
                outcome = await _rewrite(ls, document, start, end)
    if isinstance(outcome, str):
        ls.show(types.MessageType.Info, f"the selection stays as it is. {outcome}")
    else:
        action.edit = outcome
    return action


def selection(document: Document, span: types.Range) -> tuple[int, int] | None:
    """Start and end, as offsets, of what a selection holds without the blanks around it; None if that is no task."""
    start, end = document.offset_at_position(span.start), document.offset_at_position(span.end)
    text = document.source[start:end]
    if not text.strip() or text.strip().count("\n") >= MOST_LINES:
        return None
    return start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))


async def _rewrite(ls: MimLanguageServer, document: Document, start: int, end: int) -> types.WorkspaceEdit | str:
    """The edit that puts something else in place of `start` to `end`, or a sentence that says why there is none."""
    text, version = document.source, document.version
    place = Place(document.uri, text[:start] + text[end:], start)
    old = text[start:end]
    options = ls.context.added(_options(ls, document, old), place)
    try:
        result = await ls.model.complete(place, options, CancelFlag())
    except Cancelled:
        return REASONS["cancelled"]
    if result.reason is not None:
        return REASONS.get(result.reason, result.reason)
    new = next((each.text for each in result.candidates if each.text.strip() != old), None)
    if new is None:
        return "The model would write the same."
    if document.version != version:
        return REASONS["superseded"]
    edit = types.TextEdit(types.Range(document.position_at(start), document.position_at(end)), new)
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, [edit])])


def _options(ls: MimLanguageServer, document: Document, old: str) -> CompletionOptions:
    """Whole blocks, with room for as much as was there."""
    options = ls.settings.options_for(types.InlineCompletionTriggerKind.Invoked)
    tokens = max(options.max_tokens, _TOKENS_PER_LINE * (1 + old.count("\n")))
    return replace(options, mode="block", max_lines=None, max_tokens=tokens, max_ms=MOST_MS, language=document.language)
