"""What clients tell of suggestions: shown, accepted, partially accepted, and the command that each item carries."""

from __future__ import annotations

from typing import Any

from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.feedback import ACCEPTED
from mim_lsp.server.messages import suggestion_id, whole


def register(ls: MimLanguageServer) -> None:
    """Install the handlers."""
    ls.feature("mim/didShow")(did_show)
    ls.feature("mim/didAccept")(did_accept)
    ls.feature("mim/didPartiallyAccept")(did_partially_accept)
    ls.command(ACCEPTED)(accepted)


def did_show(ls: MimLanguageServer, params: Any) -> None:
    """The client shows `item`."""
    if (id := suggestion_id(params)) is not None:
        ls.feedback.shown(id)


def did_accept(ls: MimLanguageServer, params: Any) -> None:
    """The user took `item`; for clients that do not run its command."""
    if (id := suggestion_id(params)) is not None:
        ls.feedback.accepted(id)


def did_partially_accept(ls: MimLanguageServer, params: Any) -> None:
    """The user took the beginning of `item`: `acceptedLength` code units of its text so far."""
    if (id := suggestion_id(params)) is not None:
        encoding = str(ls.workspace.position_encoding)
        ls.feedback.partly_accepted(id, whole(params, "acceptedLength"), encoding)


def accepted(ls: MimLanguageServer, *arguments: object) -> None:
    """Run by clients when an item was taken; its argument is the item's id."""
    if arguments and isinstance(arguments[0], str):
        ls.feedback.accepted(arguments[0])
