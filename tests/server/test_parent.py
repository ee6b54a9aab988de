"""Leaving with the client's process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from mim_lsp.server.parent import watch
from tests.server.session import PATIENCE_S, start

pytestmark = pytest.mark.asyncio


async def test_the_end_of_the_process_is_noticed() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    left = asyncio.Event()
    watching = asyncio.ensure_future(watch(process.pid, left.set, poll_s=0.01))
    await asyncio.sleep(0.1)
    assert not left.is_set()
    process.kill()  # not waited for yet: a zombie is as dead as one that is gone
    await asyncio.wait_for(left.wait(), PATIENCE_S)
    await watching
    process.communicate()


async def test_a_living_process_is_watched_on() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch(os.getpid(), pytest.fail, poll_s=0.01), 0.2)


@pytest.mark.parametrize("number", [2**22 + 1, -1, 2**70])
async def test_a_number_that_is_no_process_here_is_not_watched(number: int) -> None:
    await asyncio.wait_for(watch(number, pytest.fail), PATIENCE_S)


@pytest.mark.slow
async def test_the_server_leaves_when_its_client_dies_and_something_else_holds_the_pipe() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    async with start(process_id=process.pid) as session:
        await session.texts(session.open("re\n"), 0, 2)
        process.communicate()
        assert await asyncio.wait_for(session.process.wait(), PATIENCE_S) == 1
