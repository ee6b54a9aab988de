"""The server object: what the handlers share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

import mim_lsp
from mim_lsp.completion.types import Completer
from mim_lsp.server.configuration import Configuration
from mim_lsp.server.context import Context
from mim_lsp.server.counters import Counters
from mim_lsp.server.documents import Document, Workspace
from mim_lsp.server.feedback import Feedback
from mim_lsp.server.idle import IdleWork
from mim_lsp.server.model_host import HANG_S, ModelHost
from mim_lsp.server.parameter_memory import ParameterMemory
from mim_lsp.server.permission import Permission
from mim_lsp.server.protocol import Protocol
from mim_lsp.server.roots import workspace_roots
from mim_lsp.server.settings import RuntimeChoice, Settings
from mim_lsp.server.suggest import Suggestions

Loader = Callable[[RuntimeChoice], Completer]
"""Loads the completer that the settings ask for."""

logger = logging.getLogger(__name__)


class MimLanguageServer(LanguageServer):
    """The completion server: open documents, settings, the model, and the requests under way."""

    protocol: Protocol

    def __init__(self, load: Loader, hang_s: float = HANG_S) -> None:
        super().__init__("mim-lsp", mim_lsp.__version__, protocol_cls=Protocol)
        self.configuration = Configuration(partial(self.show, types.MessageType.Warning))
        self.configuration.on_change(self._adopt_settings)
        self.counters = Counters()
        self._loader = load
        self.model = ModelHost(self._load, partial(self.show, types.MessageType.Warning), hang_s)
        self.suggestions = Suggestions(self.model, self.counters)
        self.context = Context()
        self.idle = IdleWork(self.suggestions, self.start, self.context.refreshed)
        self.permission = Permission()
        self.feedback = Feedback()
        self.parameters = ParameterMemory()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def settings(self) -> Settings:
        """The settings that hold at the moment."""
        return self.configuration.settings

    @property
    def can_show_progress(self) -> bool:
        """Whether the client lets the server create progress tokens."""
        window = self.client_capabilities.window
        return bool(window and window.work_done_progress)

    @property
    def can_ask_settings(self) -> bool:
        """Whether the client answers `workspace/configuration`."""
        workspace = self.client_capabilities.workspace
        return bool(workspace and workspace.configuration)

    def adopt_client(self, params: types.InitializeParams) -> None:
        """Take what `initialize` brought: our own kind of workspace, and the initial settings."""
        encoding = self.workspace.position_encoding
        self.protocol.adopt_workspace(Workspace(params.root_uri, position_encoding=encoding))
        self.configuration.begin(params.initialization_options, workspace_roots(params))
        self._follow(self.settings)

    def adopt_roots(self, roots: tuple[Path, ...]) -> None:
        """The workspace has other folders now."""
        before = self.settings
        self.configuration.move(roots)
        if self.settings == before:  # else it was followed as any change of the settings is
            self._follow(before)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background; it ends with the event loop."""
        task = asyncio.ensure_future(work)
        self._background.add(task)  # the event loop itself would let it be garbage-collected
        task.add_done_callback(self._background.discard)

    def document(self, uri: str) -> Document | None:
        """The document of that URI if the client has opened it, else None."""
        workspace = self.workspace
        return workspace.open_document(uri) if isinstance(workspace, Workspace) else None

    def show(self, kind: types.MessageType, message: str) -> None:
        """Show one line to the user."""
        self.window_show_message(types.ShowMessageParams(type=kind, message=f"mim-lsp: {message}"))

    def restart_model(self) -> None:
        """Load the model anew, in the background; what is being completed ends with nothing."""
        self.suggestions.reset()
        self.parameters = ParameterMemory()
        self.start(self._restart())

    async def _restart(self) -> None:
        await self.model.restart()
        self.tell_if_failed()

    def tell_if_failed(self) -> None:
        """Show the user why the model could not be loaded, if it could not."""
        if self.model.state == "failed":
            self.show(types.MessageType.Error, self.model.message)

    def _load(self) -> Completer:
        """Called on the model's thread."""
        return self._loader(self.settings.runtime)

    def _adopt_settings(self, before: Settings, after: Settings) -> None:
        """What is known was found under other settings; the model is loaded anew if the settings ask for another."""
        self._follow(after)
        self.feedback.enabled = after.stats
        self.model.unload_after_s = after.idle_unload_minutes and 60 * after.idle_unload_minutes
        if self.model.requested and before.runtime != after.runtime:
            self.restart_model()
        else:
            self.suggestions.reset()

    def _follow(self, settings: Settings) -> None:
        """Read and complete what these settings allow in the workspace as it is."""
        roots = self.configuration.roots
        self.permission.follow(settings, roots)
        self.context.follow(roots, self.permission.exclusions, read=settings.context, remember=settings.remember)
        for document in self.workspace.text_documents.values():
            self.context.update(document.uri, document.source)
            self.start(self.context.refresh(document.uri))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log an error of pygls or of the client's messages; pygls would pop up a message to the user."""
        logger.error("%s: %s", type(error).__name__, error)
