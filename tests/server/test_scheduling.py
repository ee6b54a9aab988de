from __future__ import annotations

import asyncio

import pytest

from mim_lsp.server.scheduling import LatestWins

pytestmark = pytest.mark.asyncio


async def _never(stopped: list[str]) -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        stopped.append("stopped")
        raise
    return "never"


async def _at_once(answer: str) -> str:
    return answer


async def _fail() -> str:
    raise ValueError("work failed")


async def _started(latest: LatestWins, document: str, stopped: list[str]) -> asyncio.Task[str | None]:
    task = asyncio.create_task(latest.run(document, _never(stopped)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_a_later_call_for_the_same_document_wins() -> None:
    latest, stopped = LatestWins(), list[str]()
    first = await _started(latest, "a", stopped)
    assert await latest.run("a", _at_once("second")) == "second"
    assert await first is None
    assert stopped == ["stopped"]


async def test_documents_do_not_disturb_each_other() -> None:
    latest, stopped = LatestWins(), list[str]()
    first = await _started(latest, "a", stopped)
    assert await latest.run("b", _at_once("b")) == "b"
    assert not first.done()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_cancelling_the_call_cancels_the_work() -> None:
    stopped = list[str]()
    task = await _started(LatestWins(), "a", stopped)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped == ["stopped"]


async def test_a_dropped_document_answers_none() -> None:
    latest, stopped = LatestWins(), list[str]()
    task = await _started(latest, "a", stopped)
    latest.drop("a")
    assert await task is None
    latest.drop("a")
    latest.drop("unknown")


async def test_failures_of_the_work_reach_the_caller() -> None:
    latest = LatestWins()
    with pytest.raises(ValueError, match="work failed"):
        await latest.run("a", _fail())
    assert await latest.run("a", _at_once("next")) == "next"
