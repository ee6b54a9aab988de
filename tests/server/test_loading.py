"""How the model comes to the server, and what requests see meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types as t
from pygls.exceptions import JsonRpcRequestCancelled

from tests.server.session import PATIENCE_S, Session, start

pytestmark = pytest.mark.asyncio
CODE = "def f(a, b):\n    re\n"
TYPED = (1, 6)


def _no_progress(capabilities: t.ClientCapabilities) -> None:
    capabilities.window = None


async def _loaded(session: Session) -> bool:
    return bool((await session.status()).state != "loading")


async def test_requests_wait_for_the_model_while_progress_is_shown() -> None:
    async with start("--load-wait") as session:
        await session.until(lambda: any(session.client.progress_reports.values()))
        uri = session.open(CODE)
        superseded = session.ask(uri, *TYPED)
        cancelled = session.ask(session.open(CODE), *TYPED, id="while-loading")
        waiting = session.ask(uri, *TYPED)
        assert (await session.status()).state == "loading"
        session.cancel("while-loading")
        with pytest.raises(JsonRpcRequestCancelled):
            await asyncio.wait_for(cancelled, PATIENCE_S)
        assert not (await asyncio.wait_for(superseded, PATIENCE_S)).items
        assert not waiting.done()

        await session.release()
        assert (await asyncio.wait_for(waiting, PATIENCE_S)).items[0].insert_text == "turn a + b"
        (reports,) = session.client.progress_reports.values()
        await session.until(lambda: len(reports) == 2)
        assert [type(report).__name__ for report in reports] == ["WorkDoneProgressBegin", "WorkDoneProgressEnd"]


async def test_a_client_without_progress_is_sent_none() -> None:
    async with start("--load-wait", capabilities=_no_progress) as session:
        assert (await session.status()).state == "loading"
        await session.release()
        assert await session.texts(session.open(CODE), *TYPED) == ["turn a + b"]
        assert session.client.progress_reports == {}


async def test_a_model_that_cannot_be_loaded_is_told_once_and_survived() -> None:
    async with start("--load-error", "model tiny is truncated: download it again") as session:
        uri = session.open(CODE)
        await session.until(lambda: bool(session.client.messages))
        assert await session.texts(uri, *TYPED) == []
        assert await session.texts(uri, *TYPED) == []
        status = await session.status()
        assert (status.state, status.model, status.lastReason) == ("error", None, "failed")
        assert status.message == "model tiny is truncated: download it again"
        (message,) = session.client.messages
        assert message == t.ShowMessageParams(t.MessageType.Error, f"mim-lsp: {status.message}")
        session.close(uri)
        assert (await session.status()).state == "error"


async def test_an_unforeseen_error_while_loading_is_one_line_for_the_user_and_a_traceback_in_the_log() -> None:
    async with start("--load-crash") as session:
        await session.until(lambda: bool(session.client.messages))
        (message,) = session.client.messages
        assert message.message == "mim-lsp: The model could not be loaded: KeyError: 'weights'"
        await session.until(lambda: any("Traceback" in each.message for each in session.client.log_messages))
        assert (await session.status()).state == "error"


async def test_documents_closed_while_loading_do_not_matter() -> None:
    async with start("--load-wait") as session:
        uri = session.open(CODE)
        request = session.ask(uri, *TYPED)
        session.close(uri)
        assert not (await asyncio.wait_for(request, PATIENCE_S)).items
        await session.release()

        async def loaded() -> bool:
            return await _loaded(session)

        await session.until(loaded)
        assert (await session.report()).calls == 0
