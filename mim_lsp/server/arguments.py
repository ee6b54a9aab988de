"""The code action "Add missing argument 'timeout'", at a call of a function of the workspace that requires it."""

from __future__ import annotations

from lsprotocol import types

from mim_lsp.errors import Cancelled, EditError
from mim_lsp.parameters.missing_argument import LackingCall, add_arguments, lacking_call
from mim_lsp.parameters.proposals import ask_model
from mim_lsp.parameters.source import Source
from mim_lsp.server.action_support import annotates_changes, resolves_edits, wants
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.documents import Document
from mim_lsp.server.neighbours import Neighbours
from mim_lsp.server.parameter_edit import document_edit, edits

KIND = types.CodeActionKind.QuickFix
TAG = "mim.argument"
_ANNOTATION = "mim.argument"


async def offer(ls: MimLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The action for the call at a place in a Python file, or at a diagnostic."""
    document = ls.document(params.text_document.uri)
    if document is None or document.language != "python" or ls.permission.refusal(document, invoked=True):
        return []
    if not wants(params.context, KIND):
        return []
    places = [params.range.start, *(each.range.start for each in params.context.diagnostics)]
    offsets = [document.offset_at_position(place) for place in places]
    version = document.version
    found = await _lacking(ls, document, offsets)
    if found is None:
        return []
    names = ", ".join(f"'{name}'" for name in found.names)
    title = f"Add missing argument{'s' if len(found.names) > 1 else ''} {names}"
    action = types.CodeAction(title, KIND, data=[TAG, document.uri, version, found.call.open])
    if resolves_edits(ls):
        return [action]
    resolved = await resolve(ls, action)
    return [resolved] if resolved.edit is not None else []


async def resolve(ls: MimLanguageServer, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit; without one, and with a message that says why, if there is no value."""
    match action.data:
        case [_, str(uri), version, int(offset)]:
            try:
                action.edit = await _edit(ls, uri, version, offset)
            except (EditError, Cancelled) as error:
                reason = str(error) or "the model is not ready"
                ls.show(types.MessageType.Info, f"the argument is not added: {reason}.")
    return action


async def _edit(ls: MimLanguageServer, uri: str, version: object, offset: int) -> types.WorkspaceEdit:
    """The edit of the call whose parenthesis ends at `offset`.

    Raises:
        EditError: there is none, or the document has changed.
        Cancelled: the model is not loaded.
    """
    document = ls.document(uri)
    is_same = document is not None and document.version == version
    lacking = await _lacking(ls, document, [offset]) if document is not None and is_same else None
    if document is None or lacking is None:
        raise EditError("the document has changed since")
    source = ls.parameters.look_at(document, offset)
    change = await ls.model.use(lambda model, cancel: add_arguments(source, lacking, ask_model(model, cancel)))
    if document.version != version:
        raise EditError("the document has changed since")
    annotated = annotates_changes(ls)
    note = types.ChangeAnnotation(f"Pass {', '.join(lacking.names)}", False, "What the function requires")
    return types.WorkspaceEdit(
        document_changes=[document_edit(document, edits(document, [change], _ANNOTATION if annotated else None))],
        change_annotations={_ANNOTATION: note} if annotated else None,
    )


async def _lacking(ls: MimLanguageServer, document: Document, offsets: list[int]) -> LackingCall | None:
    """The first call around any of the offsets that lacks something. What it calls may have to be read from a file."""
    places = [(ls.parameters.look_at(document, offset), offset) for offset in offsets]
    beside = Neighbours.of(ls, document)

    def first(places: list[tuple[Source, int]]) -> LackingCall | None:
        found = (lacking_call(source, offset, beside.imported) for source, offset in places)
        return next((call for call in found if call is not None), None)

    return await ls.context.in_background(first, places)
