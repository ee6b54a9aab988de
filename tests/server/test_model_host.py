from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from mim_lsp.completion.types import CancelFlag, Candidate, CompletionOptions, CompletionResult
from mim_lsp.errors import Cancelled, DocumentError, ModelError
from mim_lsp.server import model_host
from mim_lsp.server.model_host import ModelHost

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


async def test_it_is_loading_until_the_loader_returns(gate: threading.Event) -> None:
    gate.set()
    host = ModelHost(lambda: FakeCompleter(gate))
    assert (host.state, host.model_name) == ("loading", None)
    await host.load()
    assert (host.state, host.model_name) == ("ready", "fake")
    result = await host.complete("doc", "abc", 2, OPTIONS)
    assert result.insert_text == "ab"
    assert host.close(PATIENCE_S)


async def test_requests_before_the_end_of_loading_are_answered_after_it(gate: threading.Event) -> None:
    gate.set()
    host = ModelHost(lambda: FakeCompleter(gate))
    request = asyncio.create_task(host.complete("doc", "abc", 3, OPTIONS))
    await asyncio.sleep(0)
    await host.load()
    assert (await request).insert_text == "abc"


async def test_waiting_for_the_model_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_host, "LOAD_WAIT_S", 0.01)
    host = ModelHost(lambda: pytest.fail("nobody loads"))
    assert (await host.complete("doc", "abc", 1, OPTIONS)).reason == "model_loading"


async def test_a_failed_load_answers_with_a_reason() -> None:
    def fail() -> FakeCompleter:
        raise ModelError("no such model: nano2")

    host = ModelHost(fail)
    await host.load()
    assert (host.state, host.message) == ("failed", "no such model: nano2")
    assert (await host.complete("doc", "abc", 1, OPTIONS)).reason == "failed"
    host.forget("doc")


async def test_cancelling_reaches_the_decode_loop(gate: threading.Event) -> None:
    host, completer = await _loaded(gate)
    request = asyncio.create_task(host.complete("doc", "abc", 1, OPTIONS))
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
    first = asyncio.create_task(host.complete("a", "abc", 1, OPTIONS))
    second = asyncio.create_task(host.complete("b", "abc", 99, OPTIONS))
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
    request = asyncio.create_task(host.complete("doc", "abc", 1, OPTIONS))
    await asyncio.sleep(0)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert host.close(PATIENCE_S)


async def test_errors_of_the_completer_reach_the_caller(gate: threading.Event) -> None:
    host, _ = await _loaded(gate)
    with pytest.raises(DocumentError):
        await host.complete("doc", "abc", 9, OPTIONS)


async def test_failing_to_forget_is_logged(gate: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
    host, _ = await _loaded(gate)
    with caplog.at_level(logging.ERROR):
        host.forget("doc")
        assert host.close(PATIENCE_S)
    assert "could not be forgotten" in caplog.text


async def test_closing_does_not_wait_for_what_cannot_be_interrupted(gate: threading.Event) -> None:
    host, completer = await _loaded(gate)
    request = asyncio.create_task(host.complete("doc", "abc", 1, OPTIONS))
    assert await asyncio.to_thread(completer.started.wait, PATIENCE_S)
    assert host.close(0.01) is False
    gate.set()
    await request
