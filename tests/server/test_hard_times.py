"""Bursts, hangs, failures, missing models and clients that vanish, seen from outside the process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.lsp_client import LspClient
from tests.server.session import SCRIPT

INLINE = "textDocument/inlineCompletion"
SCRIPTED = [sys.executable, str(SCRIPT)]
REAL = [sys.executable, "-m", "mim_lsp", "--stdio"]
PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _statistics_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIM_LSP_STATS", str(tmp_path / "stats.jsonl"))


def _open(client: LspClient, text: str, name: str = "m.py") -> str:
    uri = f"file:///tmp/mim-tests/{name}"
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})
    return uri


def _place(uri: str, line: int, column: int, *, explicit: bool = False) -> dict[str, Any]:
    position = {"line": line, "character": column}
    return {"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": 1 if explicit else 2}}


def _until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def _status(client: LspClient) -> dict[str, Any]:
    status: dict[str, Any] = client.request("mim/status", {}).result(PATIENCE_S)
    return status


@pytest.mark.parametrize("command", [SCRIPTED, REAL])
def test_a_hundred_superseded_requests_get_a_hundred_answers(command: list[str]) -> None:
    client = LspClient(command)
    client.initialize()
    uri = _open(client, "def total(values):\n    wait\n    ret\n")
    requests = [client.request(INLINE, _place(uri, 1, 4 + number % 5)) for number in range(99)]
    requests.append(client.request(INLINE, _place(uri, 2, 7)))
    most_active = 0
    while not all(request.done.is_set() for request in requests):
        most_active = max(most_active, _status(client)["activeDecodes"])
    assert [len(request.answers) for request in requests] == [1] * 100
    assert all("items" in request.answers[0]["result"] for request in requests)
    assert most_active <= 1
    assert client.close() == 0


def test_at_rest_it_takes_no_processor_time() -> None:
    client = LspClient(REAL)
    client.initialize()
    uri = _open(client, "def total(values):\n    ret\n")
    client.request(INLINE, _place(uri, 1, 7)).result(PATIENCE_S)
    time.sleep(2.0)  # idle work, which is done once
    before = client.usage().cpu_s
    time.sleep(3.0)
    assert client.usage().cpu_s - before <= 0.02  # two ticks of the kernel's clock
    assert client.close() == 0


def test_a_decode_that_hangs_is_abandoned_and_the_server_goes_on() -> None:
    client = LspClient([*SCRIPTED, "--hang-s", "0.5"])
    client.initialize()
    uri = _open(client, "hang\nret\n")
    hanging = client.request(INLINE, _place(uri, 0, 4, explicit=True))
    assert hanging.done.wait(10)
    assert hanging.answers[0]["result"]["items"] == []
    _until(lambda: _status(client)["state"] == "ready")
    answer = client.request(INLINE, _place(uri, 1, 3, explicit=True)).result(PATIENCE_S)
    assert answer["items"][0]["insertText"] == "urn a + b"
    status = _status(client)
    assert (status["restarts"], status["activeDecodes"]) == (1, 0)
    messages = [one["params"]["message"] for one in client.received if one["method"] == "window/showMessage"]
    assert len(messages) == 1
    assert "loaded anew" in messages[0]
    assert client.close() == 0


def test_an_exception_in_the_engine_is_reported_and_the_next_request_works() -> None:
    client = LspClient(SCRIPTED)
    client.initialize()
    uri = _open(client, "boom\nret\n")
    assert client.request(INLINE, _place(uri, 0, 4)).result(PATIENCE_S) == {"items": []}
    assert _status(client)["lastReason"] == "failed"
    assert client.request(INLINE, _place(uri, 1, 3)).result(PATIENCE_S)["items"]
    assert client.close() == 0
    assert "scripted failure" in client.last_log


def test_an_engine_that_keeps_failing_is_loaded_anew() -> None:
    client = LspClient(SCRIPTED)
    client.initialize()
    uri = _open(client, "boom\nboom \nboom  \nret\n")
    for line in range(3):
        client.request(INLINE, _place(uri, line, 4 + line)).result(PATIENCE_S)
    _until(lambda: _status(client)["restarts"] == 1)
    assert client.request(INLINE, _place(uri, 3, 3)).result(PATIENCE_S)["items"]
    assert client.close() == 0


@pytest.mark.parametrize("broken", [False, True])
def test_a_model_that_is_missing_or_broken_is_told_and_requests_are_answered(broken: bool, tmp_path: Path) -> None:
    if broken:
        (tmp_path / "config.json").write_text("{")
    model = tmp_path if broken else tmp_path / "nowhere"
    client = LspClient([sys.executable, "-m", "mim_lsp", "--model", str(model), "--stdio"])
    client.initialize()
    uri = _open(client, "ret\n")
    for _ in range(3):
        assert client.request(INLINE, _place(uri, 0, 3)).result(PATIENCE_S) == {"items": []}
    status = _status(client)
    assert (status["state"], status["lastReason"]) == ("error", "failed")
    messages = [one["params"] for one in client.received if one["method"] == "window/showMessage"]
    assert [message["type"] for message in messages] == [1]
    assert str(model) in messages[0]["message"]
    assert client.close() == 0


def test_it_ends_when_stdin_closes() -> None:
    client = LspClient(REAL)
    client.initialize()
    uri = _open(client, "def total(values):\n    ret\n")
    client.request(INLINE, _place(uri, 1, 7))
    client.hang_up()
    assert client.process.wait(10) == 1
    client.close()


def test_it_ends_when_the_process_that_it_serves_dies() -> None:
    """The pipe stays open here, as when another process has inherited it."""
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    client = LspClient(SCRIPTED)
    client.initialize(processId=editor.pid)
    assert _status(client)["state"] in ("loading", "ready")
    editor.communicate(b"\n")
    client.process.wait(30)
    client.close()
