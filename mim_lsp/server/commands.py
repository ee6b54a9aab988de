"""The commands of `workspace/executeCommand`.

`mim.pause`, `mim.resume` and `mim.toggle` take the URI of a document, or nothing for the whole workspace, and answer
whether that is paused now. While the whole workspace is paused they change nothing for a document, and say so.
"""

from __future__ import annotations

import dataclasses

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.logs import log_file
from mim_lsp.stats import log
from mim_lsp.stats.summary import summarize

_EVERYTHING_IS_PAUSED = "everything is paused, and this file with it: resume everywhere first"


def register(ls: MimLanguageServer) -> None:
    """Install the commands."""
    ls.command("mim.pause")(pause)
    ls.command("mim.resume")(resume)
    ls.command("mim.toggle")(toggle)
    ls.command("mim.restartEngine")(restart_engine)
    ls.command("mim.switchModel")(switch_model)
    ls.command("mim.showLog")(show_log)
    ls.command("mim.stats")(stats)


def pause(ls: MimLanguageServer, *arguments: object) -> bool:
    """Suggest nothing in a document or in the workspace."""
    return _set_paused(ls, _document(arguments), True)


def resume(ls: MimLanguageServer, *arguments: object) -> bool:
    """Suggest again; for the workspace this also resumes every document."""
    return _set_paused(ls, _document(arguments), False)


def toggle(ls: MimLanguageServer, *arguments: object) -> bool:
    """Pause what is not paused, and resume what is."""
    uri = _document(arguments)
    paused = ls.permission.paused if uri is None else uri in ls.permission.paused_documents
    return _set_paused(ls, uri, not paused)


def restart_engine(ls: MimLanguageServer, *_: object) -> None:
    """Load the model anew."""
    ls.restart_model()


def switch_model(ls: MimLanguageServer, *arguments: object) -> None:
    """Use another model, by name or folder, until the server ends; without one, what the settings say again.

    Raises:
        JsonRpcInvalidParams: the argument is no text.
    """
    model = arguments[0] if arguments else None
    if model is not None and not isinstance(model, str):
        raise JsonRpcInvalidParams("mim.switchModel takes the name or the folder of a model")
    ls.configuration.switch_model(model)


async def show_log(ls: MimLanguageServer, *_: object) -> str:
    """Have the client open the log file, if it can; answers its path."""
    path = log_file()
    window = ls.client_capabilities.window
    if path.exists() and window and window.show_document and window.show_document.support:
        await ls.window_show_document_async(types.ShowDocumentParams(uri=path.as_uri(), take_focus=True))
    return str(path)


def stats(ls: MimLanguageServer, *_: object) -> dict[str, object]:
    """What `mim-lsp stats --json` prints."""
    ls.feedback.flush()
    return {"file": str(ls.feedback.path), **dataclasses.asdict(summarize(log.read(ls.feedback.path)))}


def _document(arguments: tuple[object, ...]) -> str | None:
    """The URI in a command's arguments; None stands for the workspace.

    Raises:
        JsonRpcInvalidParams: the argument is no text.
    """
    if not arguments or arguments[0] is None:
        return None
    if not isinstance(arguments[0], str):
        raise JsonRpcInvalidParams("this command takes the URI of a document, or nothing for the workspace")
    return arguments[0]


def _set_paused(ls: MimLanguageServer, uri: str | None, paused: bool) -> bool:
    if uri is not None and ls.permission.paused:
        ls.show(types.MessageType.Info, _EVERYTHING_IS_PAUSED)
    now_paused = ls.permission.pause(uri, paused)
    if now_paused:
        ls.suggestions.reset()
    return now_paused
