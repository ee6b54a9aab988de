from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from mim_lsp.completion.types import CancelFlag, Candidate, Completer, CompletionOptions, CompletionResult, Watch
from mim_lsp.errors import Cancelled, DocumentError, ModelError
from mim_lsp.server import model_host
from mim_lsp.server.model_host import MAX_FAILURES, ModelHost, Place
from mim_lsp.server.model_thread import Urgency

pytestmark = pytest.mark.asyncio
PATIENCE_S = 60.0
OPTIONS = CompletionOptions()


class FakeCompleter:
    """Answers with the text before the cursor, after `gate` is set."""

    model_name = "fake"

    def __init__(self, gate: threading.Event) -> None:
        self.gate = gate
        self.calls = 0
        self.started = threading.Event()
        self.saw_cancellation = threading.Event()

    def complete(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
        watch: Watch | None = None,
    ) -> CompletionResult:
        self.calls += 1
        self.started.set()
        if offset > len(text):
            raise DocumentError("offset outside")
        while not self.gate.wait(0.002):
            if cancel is not None and cancel.is_set():
                self.saw_cancellation.set()
                raise Cancelled
        return CompletionResult((Candidate(text[:offset], 1.0, "met"),))

    def warm(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> int:
        return self.complete(text, offset, options, cancel).met + 1

    def forget(self, document: str) -> None:
        raise KeyError(document)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Holds back the fake completer; opened at the end, so that no thread is left."""
    gate = threading.Event()
    yield gate
    gate.set()


async def _loaded(gate: threading.Event) -> tuple[ModelHost, FakeCompleter]:
    completer = FakeCompleter(gate)
    host = ModelHost(lambda: completer)
    await host.load()
    return host, completer


async def _complete(
    host: ModelHost, document: str, text: str, offset: int, cancel: CancelFlag | None = None
) -> CompletionResult:
    return await host.complete(Place(document, text, offset), OPTIONS, cancel or CancelFlag())


async def test_it_is_loading_until_the_loader_returns(gate: threading.Event) -> None:
    gate.set()
    host = ModelHost(lambda: FakeCompleter(gate))
    assert (host.state, host.model_name) == ("loading", None)
    await host.load()
    assert (host.state, host.model_name) == ("ready", "fake")
    result = await _complete(host, "doc", "abc", 2)
    assert result.insert_text == "ab"
    assert host.close(PATIENCE_S)


async def test_requests_before_the_end_of_loading_are_answered_after_it(gate: threading.Event) -> None:
    gate.set()
    host = ModelHost(lambda: FakeCompleter(gate))
    request = asyncio.create_task(_complete(host, "doc", "abc", 3))
    await asyncio.sleep(0)
    await host.load()
    assert (await request).insert_text == "abc"


async def test_waiting_for_the_model_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_host, "LOAD_WAIT_S", 0.01)
    gate = threading.Event()
    host = ModelHost(lambda: FakeCompleter(gate) if gate.wait(PATIENCE_S) else pytest.fail("never let go"))
    assert (await _complete(host, "doc", "abc", 1)).reason == "model_loading"
    gate.set()
    assert host.close(PATIENCE_S)


async def test_a_failed_load_answers_with_a_reason() -> None:
    def fail() -> FakeCompleter:
        raise ModelError("no such model: nano2")

    host = ModelHost(fail)
    await host.load()
    assert (host.state, host.message) == ("failed", "no such model: nano2")
    assert (await _complete(host, "doc", "abc", 1)).reason == "failed"
    host.forget("doc")


async def test_cancelling_reaches_the_decode_loop(gate: threading.Event) -> None:
    host, completer = await _loaded(gate)
    request = asyncio.create_task(_complete(host, "doc", "abc", 1))
    assert await asyncio.to_thread(completer.started.wait, PATIENCE_S)
    assert host.active_decodes == 1
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert await asyncio.to_thread(completer.saw_cancellation.wait, PATIENCE_S)
    assert host.close(PATIENCE_S)
    assert host.active_decodes == 0


async def test_a_request_cancelled_in_the_queue_never_starts(gate: threading.Event) -> None:
    host, completer = await _loaded(gate)
    first = asyncio.create_task(_complete(host, "a", "abc", 1))
    second = asyncio.create_task(_complete(host, "b", "abc", 99))
    assert await asyncio.to_thread(completer.started.wait, PATIENCE_S)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.set()
    assert (await first).insert_text == "a"
    assert host.close(PATIENCE_S)
    assert completer.calls == 1


async def test_cancelling_right_after_the_start_is_not_lost(gate: threading.Event) -> None:
    host, _ = await _loaded(gate)
    request = asyncio.create_task(_complete(host, "doc", "abc", 1))
    await asyncio.sleep(0)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert host.close(PATIENCE_S)


async def test_a_place_outside_the_document_is_told(gate: threading.Event) -> None:
    host, _ = await _loaded(gate)
    assert (await _complete(host, "doc", "abc", 9)).reason == "outside_document"


async def test_failures_are_answered_and_several_in_a_row_load_the_model_anew(gate: threading.Event) -> None:
    loads, said = list[int](), list[str]()

    class Failing(FakeCompleter):
        def complete(self, *args: object, **more: object) -> CompletionResult:
            raise RuntimeError("broken")

    host = ModelHost(lambda: loads.append(1) or Failing(gate), said.append)
    for _ in range(MAX_FAILURES):
        assert (await _complete(host, "doc", "abc", 1)).reason == "failed"
    assert len(loads) == 2
    assert host.restarts == len(said) == 1
    assert host.state == "ready"


async def test_a_job_that_hangs_is_abandoned_and_the_model_loaded_anew() -> None:
    stuck, said = threading.Event(), list[str]()
    completers = [FakeCompleter(stuck), FakeCompleter(threading.Event())]
    completers[1].gate.set()

    class Deaf(CancelFlag):
        def is_set(self) -> bool:
            return False

    host = ModelHost(lambda: completers[host.restarts], said.append, hang_s=0.05)
    hanging = host._thread
    with pytest.raises(Cancelled):
        await _complete(host, "doc", "abc", 1, Deaf())
    assert (host.restarts, len(said), host.state, host.active_decodes) == (1, 1, "ready", 0)
    assert (await _complete(host, "doc", "abc", 2)).insert_text == "ab"
    stuck.set()
    assert hanging.close(PATIENCE_S)
    assert host.active_decodes == 0


async def test_an_idle_model_is_unloaded_and_comes_back_when_asked(gate: threading.Event) -> None:
    loaded = list[weakref.ref[FakeCompleter]]()

    def load() -> FakeCompleter:
        completer = FakeCompleter(gate)
        loaded.append(weakref.ref(completer))
        return completer

    host = ModelHost(load)
    host.unload_after_s = 0.02
    gate.set()
    await _complete(host, "doc", "abc", 1)
    async with asyncio.timeout(PATIENCE_S):
        while host.state != "unloaded" or loaded[0]() is not None:
            await asyncio.sleep(0.005)
    assert (await _complete(host, "doc", "abc", 1)).insert_text == "a"
    assert len(loaded) == 2


async def test_a_question_loads_the_model_that_was_unloaded(gate: threading.Event) -> None:
    host, _ = await _loaded(gate)
    async with asyncio.timeout(PATIENCE_S):
        while host.state != "unloaded":  # the thread may not be done with loading
            host.unload()
            await asyncio.sleep(0.005)
    assert await host.use(lambda completer, _: completer.model_name) == "fake"


async def test_a_request_that_waits_for_a_model_gets_the_one_that_is_loaded_instead(gate: threading.Event) -> None:
    begun, gate_of_loading = threading.Event(), threading.Event()

    def slow() -> FakeCompleter:
        begun.set()
        gate_of_loading.wait(PATIENCE_S)
        return FakeCompleter(gate)

    gate.set()
    host = ModelHost(slow)
    request = asyncio.create_task(_complete(host, "doc", "abc", 1))
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    await host.restart(lambda: FakeCompleter(gate))
    gate_of_loading.set()
    assert (await request).insert_text == "a"


def _ask(model: Completer, cancel: CancelFlag) -> int:
    return model.warm("abc", 1, OPTIONS, cancel)


@pytest.mark.parametrize(
    "background",
    [
        lambda host: host.warm(Place("doc", "abc", 1), OPTIONS),
        lambda host: host.use(_ask, Urgency.WARM),
    ],
    ids=["reading ahead", "a question"],
)
async def test_what_nobody_waits_for_gives_way_to_a_request(
    gate: threading.Event, background: Callable[[ModelHost], Coroutine[Any, Any, int]]
) -> None:
    host, completer = await _loaded(gate)
    work = asyncio.create_task(background(host))
    assert await asyncio.to_thread(completer.started.wait, PATIENCE_S)
    request = asyncio.create_task(_complete(host, "doc", "abc", 2))
    with pytest.raises(Cancelled):
        await work
    gate.set()
    assert (await request).insert_text == "ab"


async def test_failing_to_forget_is_logged(gate: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
    host, _ = await _loaded(gate)
    with caplog.at_level(logging.ERROR):
        host.forget("doc")
        gate.set()
        await _complete(host, "doc", "abc", 1)
    assert "could not be forgotten" in caplog.text


async def test_closing_does_not_wait_for_what_cannot_be_interrupted() -> None:
    go = threading.Event()
    host = ModelHost(lambda: FakeCompleter(go) if go.wait(PATIENCE_S) else pytest.fail("never let go"))
    loading = asyncio.create_task(host.load())
    await asyncio.sleep(0.01)
    assert host.close(0.01) is False
    go.set()
    await loading
