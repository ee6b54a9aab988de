"""Leaves when the client has died without closing our stdin, as when another process still holds the pipe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

POLL_S = 10.0


async def watch(process_id: int, leave: Callable[[], None], poll_s: float = POLL_S) -> None:
    """Call `leave` when the process ends.

    A number that is no process of this machine now (a client in another container) is not watched. A later process with
    the same number is told apart by its start.
    """
    import psutil

    def lives() -> bool:
        try:
            return bool(client.is_running() and client.status() != psutil.STATUS_ZOMBIE)
        except psutil.AccessDenied:
            return True
        except psutil.NoSuchProcess:
            return False

    try:
        client = psutil.Process(process_id)
    except (psutil.Error, ValueError, OverflowError):
        return
    while lives():
        await asyncio.sleep(poll_s)
    leave()
