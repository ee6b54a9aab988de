"""What a client says of the code actions that it wants and can take."""

from __future__ import annotations

from lsprotocol import types

from mim_lsp.server.app import MimLanguageServer


def wants(context: types.CodeActionContext, kind: str) -> bool:
    """Whether the client asks for actions of this kind: by name, by a parent's name, or for all."""
    return context.only is None or any(kind == each or kind.startswith(f"{each}.") for each in context.only)


def resolves_edits(ls: MimLanguageServer) -> bool:
    """Whether the client takes an action without its edit, and asks for that when the action is picked."""
    document = ls.client_capabilities.text_document
    action = document.code_action if document else None
    support = action.resolve_support if action else None
    return bool(action and action.data_support and support and "edit" in support.properties)


def annotates_changes(ls: MimLanguageServer) -> bool:
    """Whether the client can show what each change of an edit is for."""
    workspace = ls.client_capabilities.workspace
    edit = workspace.workspace_edit if workspace else None
    return bool(edit and edit.change_annotation_support)
