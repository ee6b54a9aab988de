"""Questions to the model in the background."""

from __future__ import annotations

import asyncio
import threading

import pytest
from pygls.workspace import PositionCodec

from mim_lsp.completion.types import CancelFlag, Completer
from mim_lsp.errors import Cancelled
from mim_lsp.server.documents import Document
from mim_lsp.server.model_host import ModelHost
from mim_lsp.server.parameter_memory import ParameterMemory
from mim_lsp.server.questions import Questions
from mim_lsp.syntax.tree import MAX_PARSED_CHARS
from tests.server.test_model_host import FakeCompleter

pytestmark = pytest.mark.asyncio
PATIENCE_S = 5.0


def _document(text: str, version: int) -> Document:
    return Document("file:///a.py", source=text, version=version, language_id="python", position_codec=PositionCodec())


async def _host() -> ModelHost:
    host = ModelHost(lambda: FakeCompleter(threading.Event()))
    await host.load()
    return host


async def test_a_question_is_asked_once() -> None:
    host, asked, questions = await _host(), list[int](), Questions[str, int]()

    def answer(completer: Completer, cancel: CancelFlag) -> int:
        asked.append(1)
        return 42

    for _ in range(3):
        questions.ask(host, "key", answer)
        await questions.wait(PATIENCE_S)
    assert questions.answers == {"key": 42}
    assert asked == [1]


async def test_one_that_gave_way_is_asked_again() -> None:
    host, questions = await _host(), Questions[str, int]()

    def give_way(completer: Completer, cancel: CancelFlag) -> int:
        raise Cancelled

    questions.ask(host, "key", give_way)
    await questions.wait(PATIENCE_S)
    assert questions.answers == {}
    questions.ask(host, "key", lambda completer, cancel: 42)
    await questions.wait(PATIENCE_S)
    assert questions.answers == {"key": 42}


async def test_a_change_of_the_document_ends_what_is_being_asked() -> None:
    host, memory, begun, seen = await _host(), ParameterMemory(), threading.Event(), threading.Event()

    def wait_for_cancellation(completer: Completer, cancel: CancelFlag) -> tuple[()]:
        begun.set()
        while not cancel.is_set():
            seen.wait(0.002)
        seen.set()
        raise Cancelled

    memory.look_at(_document("x = 1\n", 1), 0)
    memory.imports.ask(host, "json", wait_for_cancellation)
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    memory.look_at(_document("x = 12\n", 2), 0)
    assert await asyncio.to_thread(seen.wait, PATIENCE_S)


async def test_a_long_document_is_parsed_around_each_place() -> None:
    filler = "x = 1\n" * (MAX_PARSED_CHARS // 5)
    text = "def first():\n    pass\n" + filler + "def last():\n    pass\n"
    memory, document = ParameterMemory(), _document(text, 1)
    for name in ("first", "last", "first"):
        offset = text.index(f"def {name}")
        function = memory.look_at(document, offset).function_at(offset)
        assert function is not None
        assert function.name == name
