"""The server object: what the handlers share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

import mim_lsp
from mim_lsp.completion.types import Completer
from mim_lsp.server.documents import Document, Workspace
from mim_lsp.server.model_host import ModelHost
from mim_lsp.server.protocol import Protocol
from mim_lsp.server.scheduling import LatestWins
from mim_lsp.server.settings import Settings, parse_settings

logger = logging.getLogger(__name__)


@dataclass
class Counters:
    """What `mim/status` tells about the requests so far."""

    served: int = 0
    """Completion requests answered with at least one suggestion."""
    last_reason: str | None = None
    """Why the latest answer offered nothing; None if it did offer something."""

    def answered(self, reason: str | None) -> None:
        """Count one answer that gave `reason`, or suggestions if None."""
        self.last_reason = reason
        self.served += reason is None


class MimLanguageServer(LanguageServer):
    """The completion server: open documents, settings, the model, and the requests under way."""

    protocol: Protocol

    def __init__(self, load: Callable[[], Completer]) -> None:
        super().__init__("mim-lsp", mim_lsp.__version__, protocol_cls=Protocol)
        self.model = ModelHost(load)
        self.requests = LatestWins()
        self.counters = Counters()
        self.settings = Settings()
        self._initial_settings: Mapping[str, object] = {}
        self._problems_shown: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()

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
        self._initial_settings = _section(params.initialization_options)
        self.configure(None)

    def configure(self, section: Any) -> None:
        """Use the settings in `section`, over those of `initialize`; problems are shown to the user once."""
        self.settings, problems = parse_settings({**self._initial_settings, **_section(section)})
        for problem in problems:
            if problem not in self._problems_shown:
                self._problems_shown.add(problem)
                self.show(types.MessageType.Warning, problem)

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

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log an error of pygls or of the client's messages; pygls would pop up a message to the user."""
        logger.error("%s: %s", type(error).__name__, error)


def _section(settings: Any) -> Mapping[str, object]:
    return settings if isinstance(settings, Mapping) else {}
