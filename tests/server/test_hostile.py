"""Whatever a client sends, the server goes on answering, or ends at once where there is nobody left to answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from lsprotocol import types as t

from benchmarks.lsp_client import LspClient, Request
from tests.server.odd_messages import URI, odd_params
from tests.server.session import SCRIPT

COMMAND = [sys.executable, str(SCRIPT)]
PATIENCE_S = 10.0
DEEP = 100_000
NOT_SENT = {t.INITIALIZE, t.SHUTDOWN, t.EXIT}
"""They begin and end a session, and have their own tests."""
PARSE, INVALID, UNKNOWN_METHOD, BAD_PARAMS, NOT_INITIALIZED = -32700, -32600, -32601, -32602, -32002
PLACE = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 3}, "context": {"triggerKind": 2}}


@pytest.fixture(scope="module")
def client() -> Iterator[LspClient]:
    client = LspClient(COMMAND)
    client.initialize()
    yield client
    assert client.close() == 0


def _frame(body: bytes, length: int | str | None = None) -> bytes:
    return b"Content-Length: %s\r\n\r\n%s" % (str(len(body) if length is None else length).encode(), body)


def _is_well(client: LspClient) -> None:
    """The server completes, and nothing was answered twice."""
    document = {"uri": URI, "languageId": "python", "version": 1, "text": "ret"}
    client.notify(t.TEXT_DOCUMENT_DID_OPEN, {"textDocument": document})
    answer = client.request(t.TEXT_DOCUMENT_INLINE_COMPLETION, PLACE).result(PATIENCE_S)
    assert [item["insertText"] for item in answer["items"]][:1] == ["urn a + b"]
    client.notify(t.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": URI}})
    assert all(len(request.answers) <= 1 for request in client.requests.values())
    assert client.process.poll() is None


@pytest.mark.parametrize("length", ["-7", "99999999999999", "9" * 5000, "many", "", "0", "1.5"])
def test_wrong_content_lengths(client: LspClient, length: str) -> None:
    client.send_bytes(_frame(b'{"jsonrpc": "2.0", "method": "lost"}', length))
    _is_well(client)


def test_headers_that_are_missing_doubled_or_odd(client: LspClient) -> None:
    body = b'{"jsonrpc": "2.0", "method": "mim/unknown", "params": null}'
    for header in (b"X: y\r\n\r\n", b"\r\n\r\n\r\n", b"content-length: %d\n\n" % len(body), b"\xff\xfe\x00\r\n"):
        client.send_bytes(header + body)
    client.send_bytes(b"Content-Length: 3\r\n" + _frame(body))
    client.send_bytes(_frame(body, len(body) - 9))
    _is_well(client)


def test_a_length_that_is_too_long_costs_the_next_message_only(client: LspClient) -> None:
    body = b'{"jsonrpc": "2.0", "method": "mim/unknown", "params": null}'
    client.send_bytes(_frame(body, len(body) + 30))
    client.notify("mim/lost", {})
    _is_well(client)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", PARSE),
        (b"\xff\xfe\xfd", PARSE),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "\xc3"}', PARSE),
        (b"[" * DEEP + b"]" * DEEP, PARSE),
        (b'{"a":' * DEEP + b"1" + b"}" * DEEP, PARSE),
        (b"1" * 10_000, PARSE),
        (b"[]", INVALID),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "mim/status"}]', INVALID),
        (b"7", INVALID),
        (b"null", INVALID),
        (b"NaN", INVALID),
        (b'"text"', INVALID),
        (b"{}", INVALID),
        (b'{"jsonrpc": "1.0", "id": [], "method": "mim/status"}', INVALID),
        (b'{"jsonrpc": "2.0", "id": null, "method": "mim/status"}', INVALID),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "mim/status"}', INVALID),
        (b'{"jsonrpc": "2.0", "id": true, "method": "mim/status"}', INVALID),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "mim/status"}', INVALID),
        (b'{"jsonrpc": "2.0", "result": 1}', INVALID),
    ],
    ids=lambda value: value[:40].decode(errors="replace") if isinstance(value, bytes) else None,
)
def test_what_cannot_be_read_is_answered_with_the_id_null(client: LspClient, body: bytes, code: int) -> None:
    before = len(client.unasked)
    client.send_bytes(_frame(body))
    _is_well(client)
    (answer,) = client.unasked[before:]
    assert (answer["id"], answer["error"]["code"]) == (None, code)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"id": "v1", "method": "mim/status", "jsonrpc": "1.0"}, INVALID),
        ({"id": "v2", "method": 7}, INVALID),
        ({"id": "v3", "method": None}, INVALID),
        ({"id": "v4"}, INVALID),
        ({"id": "v5", "method": "no/such"}, UNKNOWN_METHOD),
        ({"id": "v6", "method": ""}, UNKNOWN_METHOD),
        ({"id": "v7", "method": t.TEXT_DOCUMENT_INLINE_COMPLETION, "params": {"position": 3}}, BAD_PARAMS),
        ({"id": "v8", "method": "no/such" * 100_000}, UNKNOWN_METHOD),
    ],
)
def test_bad_requests_are_answered_by_their_id(client: LspClient, message: dict[str, Any], code: int) -> None:
    request = client.requests.setdefault(message["id"], Request(message["id"], 0.0))
    client.send({"jsonrpc": "2.0", **message})
    assert request.done.wait(PATIENCE_S)
    assert request.answers[0]["error"]["code"] == code
    _is_well(client)


def test_notifications_and_responses_that_mean_nothing(client: LspClient) -> None:
    for method in ("no/such", "$/unknown", "", "mim/", t.CANCEL_REQUEST):
        client.notify(method, {"id": "nobody"})
    ids: list[Any] = ["nobody", -1, [], {}, None]
    for id in ids:
        client.send({"jsonrpc": "2.0", "id": id, "result": None})
        client.send({"jsonrpc": "2.0", "id": id, "error": {"code": 1, "message": ""}})
        client.send({"jsonrpc": "2.0", "method": t.CANCEL_REQUEST, "params": {"id": id}})
    _is_well(client)


def test_objects_inside_a_message_are_not_taken_for_messages(client: LspClient) -> None:
    inner = {"jsonrpc": "2.0", "id": "inner", "method": "shutdown"}
    answer = client.request(t.TEXT_DOCUMENT_INLINE_COMPLETION, {**PLACE, "extra": inner}).result(PATIENCE_S)
    assert answer == {"items": []}
    _is_well(client)


def test_one_id_used_twice_is_answered_twice(client: LspClient) -> None:
    request = client.request("mim/status", {}, id="twice")
    client.request("mim/status", {}, id="twice")
    client.request("mim/status", {}).result(PATIENCE_S)
    assert len(request.answers) == 2
    del client.requests["twice"]


def test_huge_strings(client: LspClient) -> None:
    document = {"uri": URI + "#huge", "languageId": "python", "version": 1, "text": "x" * 20_000_000}
    client.notify(t.TEXT_DOCUMENT_DID_OPEN, {"textDocument": document})
    place = {**PLACE, "textDocument": {"uri": document["uri"]}}
    assert client.request(t.TEXT_DOCUMENT_INLINE_COMPLETION, place).result(PATIENCE_S) == {"items": []}
    client.notify(t.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": document["uri"]}})
    _is_well(client)


def test_text_with_half_characters_and_nul(client: LspClient) -> None:
    uri = URI + "#half"
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "\ud800\x00\udfff\nret"}
    client.notify(t.TEXT_DOCUMENT_DID_OPEN, {"textDocument": document})
    place = {**PLACE, "textDocument": {"uri": uri}, "position": {"line": 1, "character": 3}}
    assert "items" in client.request(t.TEXT_DOCUMENT_INLINE_COMPLETION, place).result(PATIENCE_S)
    client.notify(t.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
    _is_well(client)


def test_edits_of_documents_that_are_not_open(client: LspClient) -> None:
    change = {"textDocument": {"uri": "file:///tmp/nobody.py", "version": 2}, "contentChanges": [{"text": "x"}]}
    client.notify(t.TEXT_DOCUMENT_DID_CHANGE, change)
    client.notify(t.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": "file:///tmp/nobody.py"}})
    _is_well(client)


def _handled() -> dict[str, bool]:
    """The methods that the server handles, and whether each is a request."""
    from mim_lsp.server import create_server

    features = create_server(lambda choice: pytest.fail("no model is needed")).protocol.fm
    methods = sorted({*features.features, *features.builtin_features} - NOT_SENT)
    return {method: _is_request(method) for method in methods}


def _is_request(method: str) -> bool:
    if method in t.METHOD_TO_TYPES:
        return "id" in {field.name for field in attrs.fields(t.METHOD_TO_TYPES[method][0])}
    return not method.rpartition("/")[2].startswith("did")


@pytest.mark.parametrize(("method", "is_request"), _handled().items())
def test_wrong_types_in_every_place(client: LspClient, method: str, is_request: bool) -> None:
    messages = list(odd_params(method))
    requests = [client.request(method, params) for params in messages if is_request]
    for params in messages if not is_request else ():
        client.notify(method, params)
    assert all(request.done.wait(PATIENCE_S) for request in requests)
    client.notify(t.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": None})
    _is_well(client)


def test_before_initialize_nothing_but_that_is_done() -> None:
    client = LspClient(COMMAND)
    for method, is_request in _handled().items():
        if is_request:
            request = client.request(method, {})
            assert request.done.wait(PATIENCE_S)
            assert request.answers[0]["error"]["code"] in (NOT_INITIALIZED, BAD_PARAMS)
        else:
            client.notify(method, {"textDocument": {"uri": URI}})
    client.initialize()
    _is_well(client)
    assert client.close() == 0


def test_an_initialize_with_odd_values_is_answered_and_can_be_repeated() -> None:
    client = LspClient(COMMAND)
    for params in list(odd_params(t.INITIALIZE))[::20]:
        _answer(client, client.request(t.INITIALIZE, params))
    client.initialize()
    _is_well(client)
    assert client.close() == 0


def _answer(client: LspClient, request: Request) -> dict[str, Any]:
    assert request.done.wait(PATIENCE_S)
    assert len(request.answers) == 1
    return request.answers[0]


def test_after_shutdown_every_request_is_refused() -> None:
    client = LspClient(COMMAND)
    client.initialize()
    client.request(t.SHUTDOWN).result(PATIENCE_S)
    for method, is_request in _handled().items():
        if is_request:
            assert "error" in _answer(client, client.request(method, {}))
    client.notify(t.EXIT)
    assert client.process.wait(PATIENCE_S) == 0
    client.close()


@pytest.mark.parametrize(
    "end", [b"", b"Content-Length: 100\r\n\r\n{", b"Content-Length: 100", b"Content-Length: 63000000\r\n\r\n", b"\xff"]
)
def test_a_stream_that_ends_within_a_message_ends_the_server(end: bytes) -> None:
    client = LspClient(COMMAND)
    client.initialize()
    client.send_bytes(end)
    client.hang_up()
    assert client.process.wait(PATIENCE_S) == 1
    client.close()
    assert "Traceback" not in client.last_log


def test_json_that_is_sent_back_can_be_read_by_everyone(client: LspClient) -> None:
    request = client.request("no/\ud800such", {})
    assert request.done.wait(PATIENCE_S)
    assert json.dumps(request.answers[0])
