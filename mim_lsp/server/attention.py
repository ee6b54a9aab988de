"""Where the typist is, as far as messages tell: there the caches are brought up to date in idle time."""

from __future__ import annotations

from dataclasses import replace

from lsprotocol import types

from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.model_host import Place

_AUTOMATIC = types.InlineCompletionTriggerKind.Automatic


def look_at(ls: MimLanguageServer, uri: str, position: types.Position) -> None:
    """Read ahead at a place that may be completed, when the typist has been there for a moment."""
    document = ls.document(uri) if ls.configuration.has_arrived else None
    if document is not None and ls.permission.refusal(document, invoked=True) is None:
        options = replace(ls.settings.options_for(_AUTOMATIC), language=document.language)
        ls.idle.rest_at(Place(uri, document.source, document.offset_at_position(position)), options)
