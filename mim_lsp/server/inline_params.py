"""What some clients send with `textDocument/inlineCompletion` beyond the protocol, and what others do not.

Copilot's and Tabby's clients send the document's version, so that a request that crossed an edit can be told, and
`formattingOptions`, so that suggestions follow the editor's indentation. lsprotocol's types drop both.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from lsprotocol import types

from mim_lsp.completion.types import Indentation

MAX_INDENT = 16


@attrs.define
class InlineParams(types.InlineCompletionParams):
    """The parameters of a request, with what a client may add."""

    version: int | None = attrs.field(default=None, kw_only=True)
    """The document's version that the client asks about."""
    indentation: Indentation | None = attrs.field(default=None, kw_only=True)


def with_extras(params: types.InlineCompletionParams, raw: object) -> InlineParams:
    """`params`, and what else is of use in `raw`, the object that they were made from. Odd values count as absent."""
    fields: Mapping[str, object] = raw if isinstance(raw, Mapping) else {}
    return InlineParams(
        context=params.context,
        text_document=params.text_document,
        position=params.position,
        work_done_token=params.work_done_token,
        version=_version(fields.get("textDocument")),
        indentation=_indentation(fields.get("formattingOptions")),
    )


def _version(document: object) -> int | None:
    version = document.get("version") if isinstance(document, Mapping) else None
    return version if isinstance(version, int) and not isinstance(version, bool) else None


def _indentation(options: object) -> Indentation | None:
    if not isinstance(options, Mapping):
        return None
    size, use_spaces = options.get("tabSize"), options.get("insertSpaces")
    if not isinstance(size, int | float) or not 1 <= size <= MAX_INDENT or not isinstance(use_spaces, bool):
        return None
    return Indentation(int(size), use_spaces)
