"""Every way to end the process, also in the middle of its work."""

from __future__ import annotations

import asyncio

import pytest
from pygls.exceptions import JsonRpcInvalidRequest

from tests.server.session import PATIENCE_S, Session, start

pytestmark = pytest.mark.asyncio
CODE = "wait\n"
WAITING = (0, 4)


async def _exit_code(session: Session) -> int:
    return await asyncio.wait_for(session.process.wait(), PATIENCE_S)


async def _decode(session: Session) -> asyncio.Future[object]:
    """A request whose decoding goes on until it is stopped."""
    request = session.ask(session.open(CODE), *WAITING)
    await session.until_decoding()
    return request  # type: ignore[return-value]


async def test_shutdown_and_exit_end_it_during_a_decode() -> None:
    async with start() as session:
        request = await _decode(session)
        await asyncio.wait_for(session.client.shutdown_async(None), PATIENCE_S)
        await asyncio.wait({request}, timeout=PATIENCE_S)
        assert request.exception() is not None
        session.client.exit(None)
        assert await _exit_code(session) == 0


async def test_exit_without_shutdown_is_a_failure_but_ends_it() -> None:
    async with start() as session:
        await _decode(session)
        session.client.exit(None)
        assert await _exit_code(session) == 1


async def test_the_end_of_stdin_ends_it_during_a_decode() -> None:
    async with start() as session:
        await _decode(session)
        assert session.process.stdin is not None
        session.process.stdin.close()
        assert await _exit_code(session) == 1


async def test_the_end_of_stdin_ends_it_while_the_model_is_loading() -> None:
    async with start("--load-wait") as session:
        assert (await session.status()).state == "loading"
        assert session.process.stdin is not None
        session.process.stdin.close()
        assert await _exit_code(session) == 1


async def test_requests_after_shutdown_are_refused_not_dropped() -> None:
    async with start() as session:
        await session.client.shutdown_async(None)
        with pytest.raises(JsonRpcInvalidRequest):
            await session.status()
        session.client.exit(None)
        assert await _exit_code(session) == 0
