"""The model and the one thread that may touch it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal

from mim_lsp.completion.types import CancelFlag, Completer, CompletionOptions, CompletionResult
from mim_lsp.errors import Cancelled, MimError

LOAD_WAIT_S = 60.0
"""How long a request waits for the model before it is answered without one."""

State = Literal["loading", "ready", "failed"]

logger = logging.getLogger(__name__)


class ModelHost:
    """Loads a completer and asks it, always on the same thread, never on the event loop.

    The thread is the model's own: pygls reads the client's messages on a thread of its pool, and a full pool would
    keep it from seeing a cancellation.
    """

    def __init__(self, load: Callable[[], Completer]) -> None:
        self._load = load
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mim-model")
        self._completer: Completer | None = None
        self.settled = asyncio.Event()
        """Set when the loader has returned or failed."""
        self.message = ""
        """Why the model could not be loaded, as one line; empty otherwise."""
        self.active_decodes = 0
        """How many completions are being written at this moment."""

    @property
    def state(self) -> State:
        """What came of loading the model so far."""
        if self._completer is not None:
            return "ready"
        return "failed" if self.settled.is_set() else "loading"

    @property
    def model_name(self) -> str | None:
        """The model's name, once it is loaded."""
        return self._completer.model_name if self._completer else None

    async def load(self) -> None:
        """Load the model. Never raises for a model that cannot be loaded: see `state` and `message`."""
        loop = asyncio.get_running_loop()
        try:
            self._completer = await loop.run_in_executor(self._thread, self._load)
            logger.info("Model %s is ready", self._completer.model_name)
        except MimError as error:
            self.message = str(error)
        except Exception as error:  # border: a damaged model or installation can raise anything, and must not end us
            logger.exception("The model could not be loaded")
            self.message = f"The model could not be loaded: {type(error).__name__}: {error}".splitlines()[0]
        finally:
            self.settled.set()

    async def complete(self, document: str, text: str, offset: int, options: CompletionOptions) -> CompletionResult:
        """Complete `text` at `offset`, waiting for the model if it is still being loaded.

        Cancelling this call stops the decoding within a few milliseconds.

        Raises:
            Cancelled: the completer gave up by itself.
            DocumentError: `offset` lies outside `text`.
        """
        try:
            async with asyncio.timeout(LOAD_WAIT_S):
                await self.settled.wait()
        except TimeoutError:
            return CompletionResult(reason="model_loading")
        if self._completer is None:
            return CompletionResult(reason="failed")
        stop = CancelFlag()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._decode, document, text, offset, options, stop)
        finally:
            stop.set()

    def forget(self, document: str) -> None:
        """Have the completer free what it holds for `document`, after what is being decoded."""
        if self._completer is not None:
            self._thread.submit(self._completer.forget, document).add_done_callback(_log_failure)

    def close(self, timeout_s: float) -> bool:
        """Take no more work and wait for what runs; False if that did not end in time."""
        last = self._thread.submit(lambda: None)
        self._thread.shutdown(wait=False)
        try:
            last.result(timeout_s)
        except TimeoutError:
            return False
        return True

    def _decode(
        self, document: str, text: str, offset: int, options: CompletionOptions, stop: CancelFlag
    ) -> CompletionResult:
        if self._completer is None or stop.is_set():
            raise Cancelled
        self.active_decodes += 1
        try:
            return self._completer.complete(text, offset, options, cancel=stop, document=document)
        finally:
            self.active_decodes -= 1


def _log_failure(job: Future[None]) -> None:
    if not job.cancelled() and (error := job.exception()) is not None:
        logger.error("A document could not be forgotten", exc_info=error)
