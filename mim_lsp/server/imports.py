"""The code action "Add missing import 'import json'", for an undefined name that the cursor or a diagnostic is on.

A line is offered once the model agrees to it. It is asked in the background: what it says late is there the next time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from lsprotocol import types

from mim_lsp.completion.types import CancelFlag, Completer
from mim_lsp.parameters.insert import word_at
from mim_lsp.parameters.missing_import import ImportLine, agrees, import_change
from mim_lsp.parameters.proposals import ask_model
from mim_lsp.parameters.source import Source
from mim_lsp.server.action_support import annotates_changes, resolves_edits, wants
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.documents import Document
from mim_lsp.server.neighbours import Neighbours
from mim_lsp.server.parameter_edit import document_edit, edits

KIND = types.CodeActionKind.QuickFix
TAG = "mim.import"
WAIT_S = 0.015
"""How long the list of actions waits for the model to agree."""


class _Undefined(NamedTuple):
    """An undefined name, and the diagnostics that say so."""

    name: str
    diagnostics: tuple[types.Diagnostic, ...] = ()


async def offer(ls: MimLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The import lines for the undefined names at a place in a Python file, or at its diagnostics."""
    document = ls.document(params.text_document.uri)
    if document is None or document.language != "python" or ls.permission.refusal(document, invoked=True):
        return []
    if not wants(params.context, KIND):
        return []
    source = ls.parameters.look_at(document, document.offset_at_position(params.range.start))
    found = {each.name: each for each in _undefined(document, source, params)}
    await _ask(ls, document, source, list(found))
    actions = [
        types.CodeAction(
            f"Add missing import '{line.text}'",
            KIND,
            list(each.diagnostics) or None,
            data=[TAG, document.uri, document.version, line.text],
        )
        for each in found.values()
        for line in ls.parameters.imports.answers.get(each.name, ())
    ]
    return actions if resolves_edits(ls) else [await resolve(ls, action) for action in actions]


async def resolve(ls: MimLanguageServer, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit; without one, and with a message, if the document has changed."""
    match action.data:
        case [_, str(uri), version, str(line)]:
            document = ls.document(uri)
            if document is None or document.version != version:
                ls.show(types.MessageType.Info, "the import is not added: the document has changed since.")
            else:
                action.edit = _edit(ls, document, line)
    return action


def _edit(ls: MimLanguageServer, document: Document, line: str) -> types.WorkspaceEdit:
    change = import_change(ls.parameters.look_at(document, 0), line)
    annotated = annotates_changes(ls)
    return types.WorkspaceEdit(
        document_changes=[document_edit(document, edits(document, [change], TAG if annotated else None))],
        change_annotations={TAG: types.ChangeAnnotation(f"Add '{line}'", False)} if annotated else None,
    )


def _undefined(document: Document, source: Source, params: types.CodeActionParams) -> Iterator[_Undefined]:
    """The names that a function reads in vain, at the cursor and at the diagnostics, whose say comes last."""
    places = [(each.range.start, (each,)) for each in params.context.diagnostics]
    for place, diagnostics in ((params.range.start, ()), *places):
        offset = document.offset_at_position(place)
        signature, name = source.function_at(offset), word_at(source.text, offset)
        if signature is not None and name in source.scopes.undefined(signature):
            yield _Undefined(name, diagnostics)


async def _ask(ls: MimLanguageServer, document: Document, source: Source, names: list[str]) -> None:
    """Have the model say to which lines it agrees; what comes late is there the next time."""
    questions, beside = ls.parameters.imports, Neighbours.of(ls, document)
    for name in names:
        questions.ask(ls.model, name, partial(_agreed, source, beside, name))
    await questions.wait(WAIT_S)


def _agreed(
    source: Source, beside: Neighbours, name: str, completer: Completer, cancel: CancelFlag
) -> tuple[ImportLine, ...]:
    """The lines to which the model agrees. Called on the model's thread, since it parses files."""
    ask = ask_model(completer, cancel)
    return tuple(line for line in beside.import_lines(source, name) if agrees(source, line, ask))
