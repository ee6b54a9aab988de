"""Where log records go: stderr and the client's log window, never stdout, which belongs to the protocol."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from lsprotocol import types

from mim_lsp.folders import state_folder
from mim_lsp.server.app import MimLanguageServer

_PACKAGE = "mim_lsp"
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_FILE_BYTES = 500_000
_LEVELS = (
    (logging.ERROR, types.MessageType.Error),
    (logging.WARNING, types.MessageType.Warning),
    (logging.INFO, types.MessageType.Info),
)


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Send log records to stderr while the block runs: ours from INFO on, those of libraries from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.getLogger(_PACKAGE).setLevel(logging.INFO)
    # pygls warns of each cancellation that crosses its answer, which is everyday business for a completion server.
    logging.getLogger("pygls").setLevel(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def log_file() -> Path:
    """Where a copy of our own records is kept, for `mim.showLog`."""
    return state_folder() / "server.log"


def log_to_file() -> None:
    """Keep our own records in `log_file()` from now on, and one older file; without it if it cannot be written."""
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_FILE_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        logging.getLogger(_PACKAGE).warning("There is no log file: %s", error)
        return
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.getLogger(_PACKAGE).addHandler(handler)


def set_level(level: str) -> None:
    """Log our own records from a level on: `error`, `warning`, `info` or `debug`."""
    logging.getLogger(_PACKAGE).setLevel(level.upper())


class ClientLog(logging.Handler):
    """Sends our own records to the client as `window/logMessage`, from whatever thread they come.

    pygls' records are left out: sending one writes the next.
    """

    def __init__(self, ls: MimLanguageServer, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._ls = ls
        self._loop = loop

    def attach(self) -> None:
        """Take our records from now on."""
        logging.getLogger(_PACKAGE).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record on the event loop, the only place that writes to the client."""
        kind = next((kind for level, kind in _LEVELS if record.levelno >= level), types.MessageType.Log)
        params = types.LogMessageParams(type=kind, message=self.format(record))
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ls.window_log_message, params)
