"""`textDocument/completion`, for editors without ghost text: the same suggestions as entries of the completion menu."""

from __future__ import annotations

import re

from lsprotocol import types

from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.documents import Document
from mim_lsp.server.inline import inline_completion

TRIGGERS = (".", "(", "=", " ")
"""Characters after which editors ask without being told to; after letters they do so anyway."""
MOST_LABEL = 60
MOST_WORD = 200
_WORD_BEFORE = re.compile(r"\w*\Z")


async def menu_completion(ls: MimLanguageServer, params: types.CompletionParams) -> types.CompletionList:
    """The suggestion for the cursor, if there is one. Menus sort it below what other servers know for sure."""
    answer = await inline_completion(ls, _inline_params(params))
    document = ls.document(params.text_document.uri)
    items = [] if document is None else [_menu_item(document, item, params.position) for item in answer.items]
    return types.CompletionList(is_incomplete=True, items=items)


def _inline_params(params: types.CompletionParams) -> types.InlineCompletionParams:
    """The same question. Editors say `Invoked` for letters that are typed too, so that it means nothing here."""
    context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
    return types.InlineCompletionParams(context=context, text_document=params.text_document, position=params.position)


def _menu_item(document: Document, item: types.InlineCompletionItem, position: types.Position) -> types.CompletionItem:
    """An entry that also covers the word before the cursor, by which menus filter."""
    span = item.range or types.Range(position, position)
    offset = document.offset_at_position(span.start)
    word = word_before(document.source, offset)
    text = word + str(item.insert_text)
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return types.CompletionItem(
        label=first if len(first) <= MOST_LABEL else first[: MOST_LABEL - 1] + "…",
        kind=types.CompletionItemKind.Text,
        detail="mim-lsp",
        documentation=_as_code(text, document.language),
        preselect=False,
        # Behind every letter and digit.
        sort_text="~mim",
        filter_text=word or first,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(types.Range(document.position_at(offset - len(word)), span.end), text),
        command=item.command,
    )


def word_before(text: str, offset: int) -> str:
    """The letters, digits and underscores right before an offset."""
    found = _WORD_BEFORE.search(text[max(0, offset - MOST_WORD) : offset])
    return found[0] if found else ""


def _as_code(text: str, language: str) -> types.MarkupContent:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return types.MarkupContent(types.MarkupKind.Markdown, f"{fence}{language}\n{text}\n{fence}")
