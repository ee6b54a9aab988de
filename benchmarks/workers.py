"""Each contestant in a process of its own, which sleeps on a pipe until it is its turn."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.machine import CpuClock, process_seconds
from benchmarks.spread import Burst

SETTLE_SECONDS = 0.03
"""Before and after a turn: threads that spin for a while after their work go to sleep, and are booked as their own."""


@dataclass
class Worker:
    """A process that holds one object and calls its methods on request."""

    name: str
    make: Callable[..., Any]
    """Makes the object, in the process; a function or class at the top of a module."""
    arguments: Sequence[Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    parked_seconds: float = 0.0
    """Processor time that it used while it was not its turn: nothing, if all is well."""

    def __post_init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.make, self.arguments), daemon=True)
        with _environment(self.environment):
            self._process.start()
        theirs.close()
        self._receive()
        self._used = process_seconds(self.pid)

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process.pid is not None
        return self._process.pid

    def call(self, method: str, *arguments: Any) -> Any:
        """The result of a method of the process's object."""
        time.sleep(SETTLE_SECONDS)
        self.parked_seconds += process_seconds(self.pid) - self._used
        self._pipe.send((method, arguments))
        result = self._receive()
        time.sleep(SETTLE_SECONDS)
        self._used = process_seconds(self.pid)
        return result

    def burst(self, method: str, *arguments: Any) -> Burst:
        """The milliseconds that a method returns, with what other processes did meanwhile."""
        pids = (os.getpid(), self.pid)
        before = CpuClock.now(pids)
        times = self.call(method, *arguments)
        return Burst(times, CpuClock.now(pids).foreign_cores_since(before))

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()

    def _receive(self) -> Any:
        try:
            result = self._pipe.recv()
        except EOFError:
            raise RuntimeError(f"the process of {self.name} has died") from None
        if isinstance(result, Exception):
            raise result
        return result


def _serve(pipe: Connection, make: Callable[..., Any], arguments: Sequence[Any]) -> None:
    """Make the object, then call its methods until the pipe closes. The first message says that it is there."""
    try:
        served = make(*arguments)
    except Exception as error:
        pipe.send(error)
        return
    pipe.send(None)
    while True:
        try:
            method, method_arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(getattr(served, method)(*method_arguments))
        except Exception as error:
            pipe.send(error)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables for a process that is started inside."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def take_turns(names: Sequence[str], round_number: int) -> list[str]:
    """The order of a round: each round begins with another one, so that nobody always follows the same neighbour."""
    start = round_number % len(names)
    return [*names[start:], *names[:start]]
