"""The model's thread: order, giving way, closing and being abandoned."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest

from mim_lsp.completion.types import CancelFlag
from mim_lsp.errors import Cancelled
from mim_lsp.server.model_thread import ModelThread, Urgency

PATIENCE_S = 60.0


class Held:
    """A job that runs until it is let go or cancelled."""

    def __init__(self) -> None:
        self.cancel, self.go, self.began = CancelFlag(), threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.began.set()
        while not self.go.wait(0.002):
            self.cancel.check()
        return "done"


def test_jobs_run_by_urgency_and_then_in_turn() -> None:
    thread, held, ran = ModelThread(), Held(), list[int]()
    thread.submit(held, cancel=held.cancel)
    held.began.wait(PATIENCE_S)
    jobs: list[Future[Any]] = [
        thread.submit(lambda number=number: ran.append(number), urgency)
        for number, urgency in enumerate((Urgency.SPECULATION, Urgency.WARM, Urgency.REQUEST, Urgency.REQUEST))
    ]
    held.go.set()
    for job in jobs:
        job.result(PATIENCE_S)
    assert ran == [2, 3, 1, 0]
    assert thread.close(PATIENCE_S)


def test_idle_work_that_runs_gives_way_and_a_request_does_not() -> None:
    thread, idle, request = ModelThread(), Held(), Held()
    idle_job = thread.submit(idle, Urgency.WARM, idle.cancel)
    idle.began.wait(PATIENCE_S)
    request_job = thread.submit(request, cancel=request.cancel)
    with pytest.raises(Cancelled):
        idle_job.result(PATIENCE_S)
    request.began.wait(PATIENCE_S)
    second = thread.submit(lambda: "second")
    assert not request.cancel.is_set()
    request.go.set()
    assert (request_job.result(PATIENCE_S), second.result(PATIENCE_S)) == ("done", "second")
    assert thread.close(PATIENCE_S)


def test_what_a_job_raises_is_its_own_and_the_thread_goes_on() -> None:
    thread = ModelThread()
    with pytest.raises(ZeroDivisionError):
        thread.submit(lambda: 1 // 0).result(PATIENCE_S)
    assert thread.submit(lambda: 1).result(PATIENCE_S) == 1
    assert thread.close(PATIENCE_S)


def test_closing_drops_what_waits_and_takes_no_more() -> None:
    thread, held = ModelThread(), Held()
    running = thread.submit(held, cancel=held.cancel)
    held.began.wait(PATIENCE_S)
    waiting = thread.submit(lambda: 1)
    assert thread.close(PATIENCE_S)
    for job in (running, waiting, thread.submit(lambda: 2)):
        with pytest.raises(Cancelled):
            job.result(PATIENCE_S)


def test_a_job_that_hangs_can_be_left_behind() -> None:
    thread, go = ModelThread(), threading.Event()
    job = thread.submit(lambda: go.wait(PATIENCE_S))
    while not thread.busy_s():
        pass
    thread.abandon()
    with pytest.raises(Cancelled):
        job.result(PATIENCE_S)
    go.set()
    assert thread.close(PATIENCE_S)


def test_an_idle_thread_is_not_busy() -> None:
    thread = ModelThread()
    thread.submit(lambda: None).result(PATIENCE_S)
    assert thread.close(PATIENCE_S)
    assert thread.busy_s() == 0
