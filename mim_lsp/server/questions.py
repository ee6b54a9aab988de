"""Questions to the model that nobody waits for long: asked in the background, each once, while their text stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

from mim_lsp.completion.types import CancelFlag, Completer
from mim_lsp.errors import Cancelled
from mim_lsp.server.model_host import ModelHost
from mim_lsp.server.model_thread import Urgency

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Questions(Generic[Key, Answer]):
    """The questions about one version of one document, and what the model said. For one event loop."""

    def __init__(self) -> None:
        self.answers: dict[Key, Answer] = {}
        self._under_way: dict[Key, asyncio.Task[None]] = {}

    def ask(self, model: ModelHost, key: Key, question: Callable[[Completer, CancelFlag], Answer]) -> None:
        """Have the model answer if it is ready, and has not been asked. It gives way to whoever waits for a completion,
        and is asked anew the next time.
        """
        if key in self.answers or key in self._under_way or model.state != "ready":
            return
        task = asyncio.ensure_future(self._learn(model, key, question))
        self._under_way[key] = task
        task.add_done_callback(lambda _: self._under_way.pop(key, None))

    async def wait(self, seconds: float) -> None:
        """Wait for what is being answered, but no longer than that."""
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=seconds)

    def drop(self) -> None:
        """The document has changed: nobody wants to know any more."""
        for task in self._under_way.values():
            task.cancel()

    async def _learn(self, model: ModelHost, key: Key, question: Callable[[Completer, CancelFlag], Answer]) -> None:
        with suppress(Cancelled):
            self.answers[key] = await model.use(question, Urgency.WARM)
