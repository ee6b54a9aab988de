"""`mim/explain`: how a suggestion came about, or why there is none."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from lsprotocol import types

from mim_lsp.completion.reasons import REASONS
from mim_lsp.completion.types import CancelFlag, CompletionResult
from mim_lsp.errors import Cancelled
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.documents import Document
from mim_lsp.server.messages import document_uri, position
from mim_lsp.server.model_host import Place

# What one gets while typing, with the confidence that is asked for then.
_TYPING = types.InlineCompletionTriggerKind.Automatic


def register(ls: MimLanguageServer) -> None:
    """Install the handler."""
    ls.feature("mim/explain")(explain)


async def explain(ls: MimLanguageServer, params: Any) -> dict[str, object]:
    """Explain what is offered at `position` of `textDocument`; without them, the latest answer of the model.

    Raises:
        JsonRpcInvalidParams: the position is none.
    """
    uri, at = document_uri(params), position(params)
    if uri is None or at is None:
        last = ls.suggestions.last_result
        return _silence("no_request") if last is None else _explained(last)
    document = ls.document(uri)
    reason = ls.permission.refusal(document, invoked=True) if document else "unknown_document"
    if document is None or reason is not None:
        return _silence(reason)
    place = Place(document.uri, document.source, document.offset_at_position(at))
    options = replace(ls.settings.options_for(_TYPING), language=document.language)
    options = ls.context.added(options, place)
    try:
        explained = _explained(await ls.model.complete(place, options, CancelFlag()))
    except Cancelled:
        return _silence("cancelled")
    return {**explained, "noParameter": _no_parameter(ls, document, place.offset)}


def _no_parameter(ls: MimLanguageServer, document: Document, offset: int) -> str | None:
    """Why there is no code action that adds a parameter; None if there is one, or the language has none."""
    from mim_lsp.parameters.insert import why_nothing  # with the parser: see code_actions

    return why_nothing(ls.parameters.look_at(document, offset), offset) if document.language == "python" else None


def _explained(result: CompletionResult) -> dict[str, object]:
    explanation = result.explanation.as_json() if result.explanation else None
    candidates = [asdict(candidate) for candidate in result.candidates]
    return {**_silence(result.reason), "candidates": candidates, "explanation": explanation}


def _silence(reason: str | None) -> dict[str, object]:
    """An explanation that has no more to say than the reason."""
    return {"reason": reason, "reasonText": REASONS.get(reason or ""), "candidates": [], "explanation": None}
