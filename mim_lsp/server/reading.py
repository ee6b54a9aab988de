"""The loop that reads the client's messages, in place of pygls' own.

pygls' loop loses the thread for good after one wrong header, leaves requests unanswered whose JSON it cannot read, and
takes every object inside a message that has a key `jsonrpc` for a message of its own.
"""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest, JsonRpcParseError
from pygls.io_ import StdoutWriter

from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.framing import read_body

logger = logging.getLogger(__name__)


def run_io(server: MimLanguageServer, stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Serve on two streams until the client sends `exit` or one of the streams ends."""
    server.protocol.set_writer(StdoutWriter(stdout))
    try:
        asyncio.run(_read_messages(server, stdin))
    except BrokenPipeError:
        logger.error("The client is gone")
    except SystemExit:
        pass  # how pygls ends at `exit`; the exit code is `serve`'s to choose
    finally:
        server.shutdown()  # type: ignore[no-untyped-call]  # pygls leaves it so


async def _read_messages(server: MimLanguageServer, stdin: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "mim-reader") as reader:
        while (body := await loop.run_in_executor(reader, read_body, stdin)) is not None:
            try:
                take_message(server, body)
            except Exception as error:  # border: no message, however odd, may end the server
                server.report_server_error(error, JsonRpcException)


def take_message(server: MimLanguageServer, body: bytes) -> None:
    """Handle one message, or answer what is wrong with it."""
    try:
        message = _decode(body)
    except JsonRpcException as error:
        server.protocol.refuse(None, error)
        return
    try:
        _check(message)
    except JsonRpcInvalidRequest as error:
        server.protocol.refuse(message["id"] if is_id(message.get("id")) else None, error)
        return
    if "method" in message and server.protocol.get_message_type(message["method"]) is None:
        message.setdefault("params", None)  # pygls demands it of methods that are not the protocol's
    server.protocol.handle_message(server.protocol.structure_message(message))


def _decode(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise JsonRpcParseError(f"The message is not JSON that can be read: {error}") from error
    if not isinstance(message, dict):
        raise JsonRpcInvalidRequest("A message must be an object; batches are not part of the protocol")
    return message


def _check(message: dict[str, Any]) -> None:
    """Raise JsonRpcInvalidRequest unless it is a request, a notification or a response, by its outer form."""
    if message.get("jsonrpc") != "2.0":
        raise JsonRpcInvalidRequest('A message must have "jsonrpc": "2.0"')
    if "method" not in message:
        if "id" not in message or not ("result" in message or "error" in message):
            raise JsonRpcInvalidRequest("A message must have a method, or an id with a result or an error")
    elif not isinstance(message["method"], str):
        raise JsonRpcInvalidRequest("A method must be a string")
    elif "id" in message and not is_id(message["id"]):
        raise JsonRpcInvalidRequest("An id must be a whole number or a string")


def is_id(value: object) -> bool:
    """Whether a request may have it as its id."""
    return isinstance(value, int | str) and not isinstance(value, bool)
