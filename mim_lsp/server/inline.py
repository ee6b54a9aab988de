"""`textDocument/inlineCompletion`: from the client's request to its items. The work is done by `suggest`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import NamedTuple

from lsprotocol import types

from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.convert import inline_items, no_items, typed_since
from mim_lsp.server.documents import Document
from mim_lsp.server.inline_params import InlineParams
from mim_lsp.server.model_host import Place
from mim_lsp.server.suggest import Request, Suggested


class _Cursor(NamedTuple):
    """Where a request's items go."""

    text: str
    """The document when the request came."""
    offset: int
    """Of the cursor in it."""
    span: types.Range
    """What the completion menu is about to replace, else the empty range at the cursor."""
    selected: str
    """What the menu is about to put there."""


async def inline_completion(ls: MimLanguageServer, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Suggest text for the cursor; an empty list if there is nothing to offer or a newer request came.

    A cancelled request ends with CancelledError, which pygls answers with RequestCancelled.
    """
    started = time.monotonic()
    await ls.configuration.arrival()
    document = ls.document(params.text_document.uri)
    reason = _refusal(ls, document, params)
    if document is None or reason is not None:
        ls.counters.answered(reason)
        return no_items()
    suggested, items = await _answer(ls, document, params)
    reason = None if items.items else suggested.reason or "superseded"
    latency_ms = 1000 * (time.monotonic() - started)
    ls.counters.answered(reason, suggested.source, None if reason == "superseded" else latency_ms)
    ls.feedback.answered(
        latency_ms=latency_ms,
        source=suggested.source,
        reason=reason,
        characters=len(suggested.fittings[0].text) if items.items else 0,
        language=document.language,
        invoked=_is_invoked(params),
    )
    return items


def _refusal(ls: MimLanguageServer, document: Document | None, params: types.InlineCompletionParams) -> str | None:
    """Why the request is answered with nothing, without a look at the text; None if it is not."""
    if document is None:
        return "unknown_document"
    if isinstance(params, InlineParams) and params.version not in (None, document.version):
        return "superseded"
    return ls.permission.refusal(document, invoked=_is_invoked(params))


async def _answer(
    ls: MimLanguageServer, document: Document, params: types.InlineCompletionParams
) -> tuple[Suggested, types.InlineCompletionList]:
    """The suggestions for a position in the document as it is now, as such and as items."""
    # The document changes while the model works: keep what the client asked about.
    cursor = _cursor(document, params)
    request = _request(ls, document, params, cursor)
    ls.idle.stir(document.uri)
    suggested = await ls.suggestions.suggest(request)
    typed = typed_since(cursor.text, cursor.offset, document.source)
    if typed is None or "\n" in typed or "\r" in typed or (typed and cursor.selected):
        return suggested, no_items()
    if not typed:
        _use_the_rest(ls, document, request, suggested)
    items = inline_items(suggested.fittings, cursor.span, cursor.selected, typed, document.encoding)
    for item in items.items:
        item.command = ls.feedback.accept_command(
            document.uri, len(request.suffix), str(item.insert_text), document.language
        )
    return suggested, items


def _use_the_rest(ls: MimLanguageServer, document: Document, request: Request, suggested: Suggested) -> None:
    """Have what comes next prepared while the typist looks at the suggestion."""
    if suggested.fittings and ls.settings.speculate and ls.settings.trigger != "manual":
        ls.idle.look_ahead(_while_typing(ls, request), suggested.fittings[0])
    ls.idle.rest_at(Place(document.uri, request.text, request.offset), request.options)


def _while_typing(ls: MimLanguageServer, request: Request) -> Request:
    """The request as the next one will be, even if this one was made by a key: as sure of itself as for any typist."""
    usual = ls.settings.options_for(types.InlineCompletionTriggerKind.Automatic)
    options = replace(request.options, candidates=usual.candidates, eagerness=usual.eagerness)
    return request._replace(options=options, explicit=False)


def _cursor(document: Document, params: types.InlineCompletionParams) -> _Cursor:
    offset = document.offset_at_position(params.position)
    info = params.context.selected_completion_info
    if info is None:
        return _Cursor(document.source, offset, types.Range(params.position, params.position), "")
    return _Cursor(document.source, offset, info.range, info.text)


def _request(
    ls: MimLanguageServer, document: Document, params: types.InlineCompletionParams, cursor: _Cursor
) -> Request:
    """The request in our terms; what the menu has selected counts as typed."""
    text, offset = cursor.text, cursor.offset
    if cursor.selected:
        start, end = document.offset_at_position(cursor.span.start), document.offset_at_position(cursor.span.end)
        text = text[:start] + cursor.selected + text[max(start, end) :]
        offset = start + len(cursor.selected)
    options = replace(
        ls.settings.options_for(params.context.trigger_kind),
        language=document.language,
        indentation=params.indentation if isinstance(params, InlineParams) else None,
    )
    options = ls.context.added(options, Place(document.uri, text, offset))
    return Request(document.uri, text, offset, options, _is_invoked(params), ls.settings.debounce_ms)


def _is_invoked(params: types.InlineCompletionParams) -> bool:
    return params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
