"""What becomes of suggestions: kept in the local file of `mim_lsp.stats` for this user only, and without any text."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from mim_lsp.server.convert import index_after
from mim_lsp.server.counters import From
from mim_lsp.stats import log

ACCEPTED = "mim.accepted"
"""The command that each suggestion carries; clients run it when the suggestion was taken."""
REMEMBERED = 200
"""Suggestions that can still be reported on."""
FLUSH_S = 5.0
_FULL = 100

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Offered:
    """A suggestion that was handed out; its text stays in memory."""

    id: str
    uri: str
    rest: int
    """Characters of the document after the cursor: the same as long as the user types along."""
    text: str
    language: str


class Feedback:
    """Collects events and writes them now and then. For one event loop; switched off it keeps nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self.enabled = True
        self.path = path or log.default_path()
        self._session = secrets.token_hex(3)
        self._offered: OrderedDict[str, _Offered] = OrderedDict()
        self._count = 0
        self._events: list[log.Event] = []
        self._timer: asyncio.TimerHandle | None = None

    def answered(
        self, *, latency_ms: float, source: From, reason: str | None, characters: int, language: str, invoked: bool
    ) -> None:
        """Note one answer to a request; `reason` is None exactly when something was offered."""
        facts = {"ms": round(latency_ms, 2), "from": source, "reason": reason, "chars": characters}
        self._note("answer", **facts, lang=language, asked=invoked)

    def accept_command(self, uri: str, rest: int, text: str, language: str) -> types.Command:
        """The command for an item: what is left of one suggestion, as the user types along it, is the same one.

        Args:
            uri: of the document.
            rest: characters of the document after the cursor.
            text: what the item inserts.
            language: of the document.
        """
        for known in reversed(self._offered.values()):
            if (known.uri, known.rest) == (uri, rest) and known.text.endswith(text):
                return _command(known.id)
        self._count += 1
        offered = _Offered(f"{self._session}-{self._count}", uri, rest, text, language)
        self._offered[offered.id] = offered
        if len(self._offered) > REMEMBERED:
            self._offered.popitem(last=False)
        return _command(offered.id)

    def shown(self, id: str) -> None:
        """The client has shown the suggestion."""
        self._note_of("shown", id, None)

    def accepted(self, id: str) -> None:
        """The user took the suggestion."""
        self._note_of("accepted", id, None)

    def partly_accepted(self, id: str, units: int, encoding: str) -> None:
        """The user took the beginning of the suggestion, up to now `units` code units of `encoding`."""
        offered = self._offered.get(id)
        if offered is not None:
            self._note_of("partly", id, index_after(offered.text, max(0, units), encoding))

    def flush(self) -> None:
        """Write what was collected; a file that cannot be written costs the events, and one line in the log."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        events, self._events = self._events, []
        if events:
            try:
                log.append(self.path, events)
            except OSError as error:
                logger.warning("The statistics cannot be written: %s", error)

    def _note_of(self, event: str, id: str, characters: int | None) -> None:
        offered = self._offered.get(id)
        if offered is not None:
            count = len(offered.text) if characters is None else characters
            self._note(event, id=id, chars=count, lang=offered.language)

    def _note(self, event: str, **facts: object) -> None:
        if not self.enabled:
            return
        self._events.append({"t": round(time.time(), 2), "e": event, **facts})
        if len(self._events) >= _FULL:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self.flush)


def _command(id: str) -> types.Command:
    return types.Command(title="Suggestion accepted", command=ACCEPTED, arguments=[id])
