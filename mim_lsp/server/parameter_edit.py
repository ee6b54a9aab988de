"""The `WorkspaceEdit` of a new parameter: with the document's version, and with what each change is for."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from mim_lsp.parameters.changes import Change
from mim_lsp.parameters.plan import Plan
from mim_lsp.server.action_support import annotates_changes
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.documents import Document

_SIGNATURE, _CALLS = "mim.signature", "mim.calls"


def workspace_edit(ls: MimLanguageServer, document: Document, plan: Plan) -> types.WorkspaceEdit:
    """The changes of a plan, for a client to make."""
    annotated = annotates_changes(ls)
    edits = [
        *_edits(document, plan.signature, _SIGNATURE if annotated else None),
        *_edits(document, plan.others, _CALLS if annotated else None),
    ]
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(identifier, edits)],
        change_annotations=_annotations(plan) if annotated else None,
    )


def _annotations(plan: Plan) -> dict[str, types.ChangeAnnotation]:
    name = plan.declaration.name
    annotations = {_SIGNATURE: types.ChangeAnnotation(f"Add parameter {name}", False, "Header and docstring")}
    if plan.others:
        annotations[_CALLS] = types.ChangeAnnotation(f"Pass {name} on", False, "Overrides and calls in this file")
    return annotations


def _edits(
    document: Document, changes: Iterable[Change], annotation: str | None
) -> list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]:
    edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = []
    for start, end, text in changes:
        span = types.Range(document.position_at(start), document.position_at(end))
        edits.append(types.AnnotatedTextEdit(annotation, span, text) if annotation else types.TextEdit(span, text))
    return edits
