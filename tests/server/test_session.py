"""The server as a client sees it, over a real subprocess that all tests of this file share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException, JsonRpcRequestCancelled

from tests.server.session import PATIENCE_S, Session, start

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODE = "def f(a, b):\n    re\n    wait\n"
TYPED, WAITING = (1, 6), (2, 8)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[Session]:
    async with start() as session:
        yield session


async def test_capabilities_are_advertised(session: Session) -> None:
    capabilities = session.capabilities
    assert capabilities.inline_completion_provider == t.InlineCompletionOptions()
    assert isinstance(capabilities.text_document_sync, t.TextDocumentSyncOptions)
    assert capabilities.text_document_sync.change == t.TextDocumentSyncKind.Incremental
    assert capabilities.text_document_sync.open_close is True


async def test_typing_is_offered_one_text_at_the_cursor(session: Session) -> None:
    answer = await session.ask(session.open(CODE), *TYPED)
    position = t.Position(*TYPED)
    (item,) = answer.items
    assert (item.insert_text, item.range) == ("turn a + b", t.Range(position, position))


async def test_asking_explicitly_is_offered_three(session: Session) -> None:
    texts = await session.texts(session.open(CODE), *TYPED, invoked=True)
    assert texts == ["turn a + b", "turn a + b  # 2", "turn a + b  # 3"]


async def test_edits_are_followed(session: Session) -> None:
    uri = session.open("x = 1\nwhere\n")
    session.change(uri, 2, (0, 0), "import os\n")
    session.change(uri, 3, (1, 4), "22", until=(1, 5))
    assert await session.texts(uri, 2, 5) == ["22:ere"]


async def test_positions_past_the_end_are_clamped(session: Session) -> None:
    uri = session.open("# 😀\nwhere")
    assert await session.texts(uri, 1, 99) == ["9:ere"]
    assert await session.texts(uri, 99, 0) == ["9:ere"]


async def test_open_documents_of_any_language_are_completed(session: Session) -> None:
    assert await session.texts("file:///tmp/never_opened.py", *TYPED) == []
    assert await session.texts(session.open(CODE, "m.rs", language="rust"), *TYPED) != []
    assert await session.texts(session.open(CODE, "stub.pyi", language="plaintext"), *TYPED) != []
    assert await session.texts(session.open(CODE, "notes", language="markdown"), *TYPED) == []


async def test_a_cancelled_request_ends_as_cancelled_and_stops_the_model(session: Session) -> None:
    before = (await session.report()).cancelled
    request = session.ask(session.open(CODE), *WAITING, id="cancel-me")
    await session.until_decoding()
    session.cancel("cancel-me")
    with pytest.raises(JsonRpcRequestCancelled) as error:
        await asyncio.wait_for(request, PATIENCE_S)
    assert error.value.code == -32800
    await session.until_idle()
    assert (await session.report()).cancelled == before + 1


async def test_the_newest_request_of_a_document_wins(session: Session) -> None:
    before = (await session.report()).cancelled
    uri = session.open(CODE)
    older = session.ask(uri, *WAITING)
    await session.until_decoding()
    assert await session.texts(uri, *TYPED) == ["turn a + b"]
    assert older.done()
    assert older.result().items == ()
    assert (await session.report()).cancelled == before + 1


async def test_requests_of_other_documents_wait_for_their_turn(session: Session) -> None:
    first = session.ask(session.open(CODE), *WAITING)
    await session.until_decoding()
    second = session.ask(session.open(CODE), *TYPED)
    await session.status()
    assert not second.done()
    await session.release()
    assert [item.insert_text for item in (await first).items] == ["pass"]
    assert [item.insert_text for item in (await second).items] == ["turn a + b"]


async def test_a_burst_is_answered_completely_with_one_decode_at_a_time(session: Session) -> None:
    uris = [session.open(CODE), session.open(CODE)]
    requests = [session.ask(uris[number % 2], *WAITING) for number in range(98)]
    requests += [session.ask(uri, *TYPED) for uri in uris]
    answers = await asyncio.wait_for(asyncio.gather(*requests), PATIENCE_S)
    assert [len(answer.items) for answer in answers] == [0] * 98 + [1, 1]
    report = await session.report()
    assert report.mostActive == 1
    assert report.active == 0


async def test_closing_frees_the_document_on_the_models_thread(session: Session) -> None:
    uri = session.open(CODE)
    request = session.ask(uri, *WAITING)
    await session.until_decoding()
    session.close(uri)
    assert (await asyncio.wait_for(request, PATIENCE_S)).items == ()

    async def forgotten() -> bool:
        return uri in (await session.report()).forgotten

    await session.until(forgotten)
    assert len((await session.report()).threads) == 1


async def test_a_failing_completer_is_logged_and_survived(session: Session) -> None:
    uri = session.open("boom\n")
    assert await session.texts(uri, 0, 4) == []
    assert (await session.status()).lastReason == "failed"
    await session.until(lambda: any("scripted failure" in each.message for each in session.client.log_messages))
    logged = next(each for each in session.client.log_messages if "scripted failure" in each.message)
    assert logged.type == t.MessageType.Error
    assert "Traceback" in logged.message
    assert await session.texts(session.open(CODE), *TYPED) != []


async def test_prints_to_stdout_do_not_reach_the_client(session: Session) -> None:
    uri = session.open("noise\n")
    assert await session.texts(uri, 0, 5) == ["pass"]
    assert session.client.error is None


async def test_an_answer_that_no_longer_fits_is_withheld(session: Session) -> None:
    uri = session.open(CODE)
    request = session.ask(uri, *WAITING)
    await session.until_decoding()
    session.change(uri, 2, WAITING, "!")
    await session.release()
    assert (await asyncio.wait_for(request, PATIENCE_S)).items == ()
    assert (await session.status()).lastReason == "superseded"


async def test_an_answer_covers_what_was_typed_of_it_meanwhile(session: Session) -> None:
    uri = session.open(CODE)
    request = session.ask(uri, *WAITING)
    await session.until_decoding()
    session.change(uri, 2, WAITING, "pa")
    await session.release()
    (item,) = (await asyncio.wait_for(request, PATIENCE_S)).items
    assert item.insert_text == "pass"
    assert item.range == t.Range(t.Position(2, 8), t.Position(2, 10))


async def test_a_reason_is_kept_for_an_empty_answer(session: Session) -> None:
    assert await session.texts(session.open("nothing\n"), 0, 7) == []
    assert (await session.status()).lastReason == "blank"


async def test_status_tells_model_and_counts(session: Session) -> None:
    before = (await session.status()).served
    await session.texts(session.open(CODE), *TYPED)
    status = await session.status()
    assert (status.model, status.state, status.message) == ("scripted", "ready", "")
    assert (status.activeDecodes, status.served, status.lastReason) == (0, before + 1, None)


async def test_a_request_with_unusable_parameters_is_answered(session: Session) -> None:
    request = session.client.protocol.send_request("mim/unknown", {})
    with pytest.raises(JsonRpcException):
        await asyncio.wait_for(asyncio.wrap_future(request), PATIENCE_S)
    raw = {"jsonrpc": "2.0", "id": "broken", "method": t.TEXT_DOCUMENT_INLINE_COMPLETION, "params": {"position": 3}}
    future = asyncio.get_running_loop().create_future()
    session.client.protocol._request_futures["broken"] = future
    session.client.protocol._send_data(raw)
    with pytest.raises(JsonRpcException):
        await asyncio.wait_for(future, PATIENCE_S)
