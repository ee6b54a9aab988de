"""The one thread that touches the model: urgent jobs first, and idle work only while nobody waits."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from mim_lsp.completion.types import CancelFlag
from mim_lsp.errors import Cancelled

Answer = TypeVar("Answer")


class Urgency(IntEnum):
    """What goes first. Whatever is less urgent is given up when something more urgent comes."""

    REQUEST = 0
    """Somebody waits for it."""
    WARM = 1
    """Reading ahead at the place where the typist is, or asking what a list of actions is to say."""
    SPECULATION = 2
    """Completing a place where the typist may be soon."""


@dataclass(order=True)
class _Job:
    urgency: Urgency
    number: int
    work: Callable[[], Any] = field(compare=False)
    cancel: CancelFlag = field(compare=False)
    future: Future[Any] = field(compare=False, default_factory=Future)

    def run(self) -> None:
        """Do the work, whatever comes of it."""
        try:
            self._settle(self.future.set_result, self.work())
        except BaseException as error:  # border: it belongs to whoever waits for the job
            self._settle(self.future.set_exception, error)

    def give_up(self) -> None:
        """Have it end soon, or, if it has not begun, not begin."""
        self.cancel.set()
        self._settle(self.future.set_exception, Cancelled())

    def _settle(self, settle: Callable[[Any], None], value: Any) -> None:
        """The first to settle the job wins: a thread that was abandoned may come back late."""
        with suppress(InvalidStateError):
            settle(value)


class ModelThread:
    """Runs jobs one at a time. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: list[_Job] = []
        self._numbers = itertools.count()
        self._running: _Job | None = None
        self._running_since = 0.0
        self._closed = False
        # A daemon: one that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="mim-model", daemon=True)
        self._thread.start()

    def submit(
        self, work: Callable[[], Answer], urgency: Urgency = Urgency.REQUEST, cancel: CancelFlag | None = None
    ) -> Future[Answer]:
        """Have `work` done when its turn comes; `cancel` is set when something more urgent takes the turn.

        What the future raises is what the work raised, or `Cancelled`.
        """
        job = _Job(urgency, next(self._numbers), work, cancel or CancelFlag())
        with self._changed:
            if self._closed:
                job.give_up()
                return job.future
            self._clear_way(urgency)
            heapq.heappush(self._queue, job)
            self._changed.notify()
        return job.future

    def busy_s(self) -> float:
        """For how many seconds the present job has been running; 0 if there is none."""
        with self._changed:
            return time.monotonic() - self._running_since if self._running else 0.0

    def close(self, timeout_s: float) -> bool:
        """Take no more jobs, drop those that wait, and see the running one out; False if that takes longer."""
        self._stop()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def abandon(self) -> None:
        """Let a thread that hangs be: whoever waits for its job gets `Cancelled` now."""
        running = self._stop()
        if running:
            running.give_up()

    def _clear_way(self, urgency: Urgency) -> None:
        """Give up what is less urgent than a new job."""
        for job in [*self._queue, *([self._running] if self._running else [])]:
            if job.urgency > urgency:
                job.cancel.set()

    def _stop(self) -> _Job | None:
        """Take and begin no more jobs; returns the one that runs."""
        with self._changed:
            self._closed = True
            waiting, self._queue, running = self._queue, [], self._running
            self._changed.notify()
        for job in waiting:
            job.give_up()
        if running:
            running.cancel.set()
        return running

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job.run()
            with self._changed:
                self._running = None
            del job  # or it would hold the model, which may be unloaded, until the next job comes

    def _next(self) -> _Job | None:
        """The next job, waiting for one without using the processor; None when closed."""
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            if not self._queue:
                return None
            self._running, self._running_since = heapq.heappop(self._queue), time.monotonic()
            return self._running
