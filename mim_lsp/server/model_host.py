"""The model: loaded, asked, restarted when it hangs or keeps failing, and unloaded when nobody types."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar

from mim_lsp.completion.types import CancelFlag, Completer, CompletionOptions, CompletionResult, Watch
from mim_lsp.errors import Cancelled, DocumentError, MimError
from mim_lsp.server.model_thread import ModelThread, Urgency

LOAD_WAIT_S = 60.0
"""How long a request waits for the model before it is answered without one."""
HANG_S = 30.0
"""A job that runs longer than this will not come back. Reading a long prompt on a slow machine takes a few seconds."""
MAX_FAILURES = 3
"""Failures in a row after which the model is loaded anew."""

State = Literal["loading", "ready", "failed", "unloaded"]
Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """A cursor in a document's text."""

    document: str
    text: str
    offset: int


class ModelHost:
    """Loads a completer and asks it, always on one thread, never on the event loop. All methods are the loop's.

    The thread is the model's own: pygls reads the client's messages on a thread of its pool, and a full pool would
    keep it from seeing a cancellation.
    """

    def __init__(
        self, load: Callable[[], Completer], report: Callable[[str], None] = logger.error, hang_s: float = HANG_S
    ) -> None:
        self._load, self._report, self._hang_s = load, report, hang_s
        self._thread = ModelThread()
        self._completer: Completer | None = None
        self._loading: asyncio.Task[None] | None = None
        self._failures = 0
        self._unload_timer: asyncio.TimerHandle | None = None
        self.unload_after_s: float | None = None
        """How long the model may be idle before its memory is freed; None: for ever."""
        self.settled = asyncio.Event()
        """Set when the loader has returned or failed."""
        self.message = ""
        """Why the model could not be loaded, as one line; empty otherwise."""
        self._decoding = set[CancelFlag]()
        """What is being completed on the present thread."""
        self.restarts = 0
        """How often the model was loaded anew because it hung or failed."""

    @property
    def state(self) -> State:
        """What came of loading the model so far."""
        if self._completer is not None:
            return "ready"
        if self._loading is None and self.settled.is_set():
            return "failed" if self.message else "unloaded"
        return "loading"

    @property
    def active_decodes(self) -> int:
        """How many completions are being written at this moment, speculative ones included."""
        return len(self._decoding)

    @property
    def model_name(self) -> str | None:
        """The model's name, once it is loaded."""
        return self._completer.model_name if self._completer else None

    @property
    def requested(self) -> bool:
        """Whether the model was ever to be loaded."""
        return self._loading is not None or self.settled.is_set()

    async def load(self) -> None:
        """Load the model unless it is loaded. Never raises for one that cannot be: see `state` and `message`."""
        if self._completer is not None or (self.settled.is_set() and self.message):
            return
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._do_load())
        # Again if meanwhile another model is to be loaded.
        while (loading := self._loading) is not None:
            # Whoever waits may be cancelled, but loading is not tied to a request.
            await asyncio.shield(loading)

    async def restart(self, load: Callable[[], Completer] | None = None) -> None:
        """Load the model anew, or another one with `load`; what is being completed ends with `Cancelled`."""
        self._load = load or self._load
        self._drop()
        self._thread.abandon()
        # A thread of its own each time, and a set: what was abandoned may come to its end later.
        self._thread, self._decoding = ModelThread(), set()
        self.message = ""
        self.settled.clear()
        await self.load()

    async def complete(
        self, place: Place, options: CompletionOptions, cancel: CancelFlag, watch: Watch | None = None
    ) -> CompletionResult:
        """Complete at `place`, waiting for the model if it is still being loaded.

        Setting `cancel` stops the decoding within a few milliseconds.

        Raises:
            Cancelled: `cancel` was set, or the completer gave up by itself.
        """
        try:
            async with asyncio.timeout(LOAD_WAIT_S):
                await self.load()
        except TimeoutError:
            return CompletionResult(reason="model_loading")
        if self._completer is None:
            return CompletionResult(reason="failed")
        try:
            work = partial(self._decode, place, options, cancel, watch)
            result = await self._run(work, Urgency.REQUEST, cancel)
        except Cancelled:
            raise
        except DocumentError as error:
            logger.warning("%s", error)
            return CompletionResult(reason="outside_document")
        except Exception:  # border: a defect in completing one document must not cost the user the server
            logger.exception("Completing %s at offset %d failed", place.document, place.offset)
            await self._failed()
            return CompletionResult(reason="failed")
        self._failures = 0
        return result

    async def speculate(self, place: Place, options: CompletionOptions) -> CompletionResult:
        """Complete at a place where the typist may be soon, as long as nobody wants anything else.

        Raises:
            Cancelled: somebody did, or the model is not loaded.
        """
        cancel = CancelFlag()
        return await self._run(partial(self._decode, place, options, cancel, None), Urgency.SPECULATION, cancel)

    async def warm(self, place: Place, options: CompletionOptions) -> int:
        """Read what a completion at `place` would read; returns the number of tokens.

        Raises:
            Cancelled: somebody wanted something else, or the model is not loaded.
        """
        cancel = CancelFlag()

        def read(completer: Completer) -> int:
            cancel.check()
            return completer.warm(place.text, place.offset, options, cancel, place.document)

        return await self._run(read, Urgency.WARM, cancel)

    async def use(self, work: Callable[[Completer, CancelFlag], Answer], urgency: Urgency = Urgency.REQUEST) -> Answer:
        """The result of `work`, which may ask the completer several times and is to pass the flag on.

        Waits for the model if it is still being loaded, or was unloaded.

        Raises:
            Cancelled: there is no model, it was loaded anew meanwhile, or something more urgent came.
        """
        await self.load()
        cancel = CancelFlag()
        return await self._run(lambda completer: work(completer, cancel), urgency, cancel)

    def forget(self, document: str) -> None:
        """Have the completer free what it holds for `document`, after what is being decoded."""
        if (completer := self._completer) is not None:
            self._thread.submit(lambda: completer.forget(document)).add_done_callback(_log_failure)

    def close(self, timeout_s: float) -> bool:
        """Take no more work and wait for what runs; False if that did not end in time."""
        return self._thread.close(timeout_s)

    def unload(self) -> None:
        """Free the model's memory until it is asked again."""
        if self._completer is not None and not self._thread.busy_s():
            logger.info("Model %s is unloaded", self._completer.model_name)
            self._drop()

    async def _do_load(self) -> None:
        load, thread = self._load, self._thread
        try:
            completer = await asyncio.wrap_future(thread.submit(load))
            if thread is self._thread:
                self._completer = completer
                logger.info("Model %s is ready", completer.model_name)
        except Cancelled:
            pass  # a newer loading is under way
        except MimError as error:
            self.message = str(error)
        except Exception as error:  # border: a damaged model or installation can raise anything, and must not end us
            logger.exception("The model could not be loaded")
            self.message = f"The model could not be loaded: {type(error).__name__}: {error}".splitlines()[0]
        finally:
            if thread is self._thread:
                self._loading = None
                self.settled.set()
                self._used()

    async def _run(self, work: Callable[[Completer], Answer], urgency: Urgency, cancel: CancelFlag) -> Answer:
        """The result of `work` on the model's thread, unless that hangs."""
        completer, thread = self._completer, self._thread
        if completer is None:
            raise Cancelled
        self._used()
        future = asyncio.wrap_future(thread.submit(lambda: work(completer), urgency, cancel))
        future.add_done_callback(_retrieve)
        try:
            while not (await asyncio.wait({future}, timeout=self._hang_s))[0]:
                if thread.busy_s() >= self._hang_s:
                    thread.abandon()
                    await self._hung()
        finally:
            cancel.set()
        return future.result()

    def _decode(
        self, place: Place, options: CompletionOptions, cancel: CancelFlag, watch: Watch | None, completer: Completer
    ) -> CompletionResult:
        cancel.check()
        decoding = self._decoding
        decoding.add(cancel)
        try:
            return completer.complete(place.text, place.offset, options, cancel, place.document, watch)
        finally:
            decoding.discard(cancel)

    async def _hung(self) -> None:
        self.restarts += 1
        self._report("The model did not answer any more and is loaded anew.")
        await self.restart()

    async def _failed(self) -> None:
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            self.restarts += 1
            self._report("Completing failed several times, so the model is loaded anew; the log says why.")
            await self.restart()

    def _drop(self) -> None:
        self._completer = None
        self._loading = None
        self._failures = 0

    def _used(self) -> None:
        """Start the time after which the model is unloaded again."""
        if self._unload_timer:
            self._unload_timer.cancel()
        if self.unload_after_s is not None:
            self._unload_timer = asyncio.get_running_loop().call_later(self.unload_after_s, self.unload)


def _retrieve(job: asyncio.Future[Any]) -> None:
    """Whoever waited may be gone, and asyncio complains of errors that nobody looks at."""
    if not job.cancelled():
        job.exception()


def _log_failure(job: Future[None]) -> None:
    error = None if job.cancelled() else job.exception()
    if error is not None and not isinstance(error, Cancelled):
        logger.error("A document could not be forgotten", exc_info=error)
