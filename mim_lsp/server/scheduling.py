"""The newest request of a document wins."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class LatestWins:
    """Runs at most one coroutine per document: starting one cancels the one before. For one event loop.

    Clients are meant to cancel what they no longer want, but not all do (Neovim 0.12 does not while typing).
    """

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Any]] = {}

    async def run(self, document: str, work: Coroutine[Any, Any, Answer]) -> Answer | None:
        """The result of `work`; None at once if another call for `document` comes first, or `drop(document)`.

        Cancelling this call cancels the work.
        """
        self.drop(document)
        task = asyncio.ensure_future(work)
        self._running[document] = task
        try:
            await asyncio.wait({task})
        finally:
            # Still running here means that this call itself was cancelled.
            task.cancel()
            if self._running.get(document) is task:
                del self._running[document]
        return None if task.cancelled() else task.result()

    def drop(self, document: str) -> None:
        """Cancel what runs for `document`, if anything."""
        task = self._running.pop(document, None)
        if task is not None:
            task.cancel()
