"""The `WorkspaceEdit` of a new parameter: with the documents' versions, and with what each change is for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from lsprotocol import types

from mim_lsp.completion.uris import path_in
from mim_lsp.parameters.call_sites import Untouched
from mim_lsp.parameters.changes import Change
from mim_lsp.parameters.plan import Plan
from mim_lsp.server.action_support import annotates_changes
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.convert import position_at
from mim_lsp.server.documents import Document

Edits = list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]
_SIGNATURE, _CALLS, _ELSEWHERE = "mim.signature", "mim.calls", "mim.elsewhere"


def workspace_edit(ls: MimLanguageServer, document: Document, plan: Plan) -> types.WorkspaceEdit:
    """The changes of a plan, for a client to make; all documents are as they were when it was made."""
    annotated = annotates_changes(ls)
    own = [
        *edits(document, plan.signature, _SIGNATURE if annotated else None),
        *edits(document, plan.others, _CALLS if annotated else None),
    ]
    changed = [document_edit(document, own)]
    for each in plan.elsewhere:
        other = ls.document(each.importer.uri)
        if other is not None and each.changes:
            changed.append(document_edit(other, edits(other, each.changes, _ELSEWHERE if annotated else None)))
    return types.WorkspaceEdit(document_changes=changed, change_annotations=_annotations(plan) if annotated else None)


def document_edit(document: Document, changes: Edits) -> types.TextDocumentEdit:
    """The changes of one document, for the version that the client holds."""
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    return types.TextDocumentEdit(identifier, changes)


def edits(document: Document, changes: Iterable[Change], annotation: str | None) -> Edits:
    """Changes in the protocol's terms, each with the annotation of that name."""
    made: Edits = []
    for start, end, text in changes:
        span = types.Range(document.position_at(start), document.position_at(end))
        made.append(types.AnnotatedTextEdit(annotation, span, text) if annotation else types.TextEdit(span, text))
    return made


def untouched_places(document: Document, plan: Plan) -> str:
    """Where calls stay as they are, `line 8, other.py line 3`; empty if none do."""
    places = _lines(document.source, "", plan.untouched)
    for each in plan.elsewhere:
        name = PurePosixPath(path_in(each.importer.uri)).name
        places += _lines(each.importer.source.text, f"{name} ", each.untouched)
    return ", ".join(places)


def _lines(text: str, file: str, untouched: Sequence[Untouched]) -> list[str]:
    return [f"{file}line {position_at(text, each.start, 'utf-32').line + 1}" for each in untouched]


def _annotations(plan: Plan) -> dict[str, types.ChangeAnnotation]:
    name = plan.declaration.name
    annotations = {_SIGNATURE: types.ChangeAnnotation(f"Add parameter {name}", False, "Header and docstring")}
    if plan.others:
        annotations[_CALLS] = types.ChangeAnnotation(f"Pass {name} on", False, "Overrides and calls in this file")
    if any(each.changes for each in plan.elsewhere):
        label = f"Pass {name} on in other files"
        annotations[_ELSEWHERE] = types.ChangeAnnotation(label, False, "Calls in other open files")
    return annotations
