"""Work-done progress in the client's window."""

from __future__ import annotations

import asyncio
import logging
import uuid

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mim_lsp.server.app import MimLanguageServer

logger = logging.getLogger(__name__)


async def show_progress(ls: MimLanguageServer, title: str, done: asyncio.Event) -> None:
    """Show `title` until `done` is set, if the client can; nothing if it is set before the client is ready."""
    if not ls.can_show_progress:
        return
    token = str(uuid.uuid4())
    try:
        await ls.work_done_progress.create_async(token)
    except JsonRpcException as error:
        logger.warning("The client refused to show progress: %s", error)
        return
    if done.is_set():
        return
    ls.work_done_progress.begin(token, types.WorkDoneProgressBegin(title=title))
    await done.wait()
    ls.work_done_progress.end(token, types.WorkDoneProgressEnd())
