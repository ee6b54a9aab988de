"""`workspace/executeCommand`, and `mim/status` after it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types as t
from pygls.exceptions import JsonRpcInvalidParams

from tests.server.session import Session, start

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODE = "def f(a, b):\n    re\n    wait\n"
TYPED, WAITING = (1, 6), (2, 8)
EVERYTHING_IS_PAUSED = "mim-lsp: everything is paused, and this file with it: resume everywhere first"


def _shows_documents(capabilities: t.ClientCapabilities) -> None:
    assert capabilities.window is not None
    capabilities.window.show_document = t.ShowDocumentClientCapabilities(support=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[Session]:
    async with start(capabilities=_shows_documents, initialization_options={"speculate": False}) as session:
        yield session


async def test_the_commands_are_advertised(session: Session) -> None:
    provider = session.capabilities.execute_command_provider
    assert provider is not None
    names = "pause resume toggle restartEngine switchModel showLog stats accepted"
    assert set(provider.commands) == {f"mim.{name}" for name in names.split()}


async def test_a_document_is_paused_and_resumed_alone(session: Session) -> None:
    paused, other = session.open(CODE), session.open(CODE)
    assert await session.command("mim.pause", paused) is True
    assert await session.texts(paused, *TYPED, invoked=True) == []
    assert (await session.status()).lastReason == "paused"
    assert await session.texts(other, *TYPED) != []
    about = await session.send("mim/status", {"textDocument": {"uri": paused}})
    assert (about.state, about.paused, about.refusal) == ("paused", True, "paused")
    assert (await session.status()).state == "ready"
    assert await session.command("mim.resume", paused) is False
    assert await session.texts(paused, *TYPED) != []


async def test_the_workspace_is_paused_with_all_that_is_under_way(session: Session) -> None:
    uri = session.open(CODE)
    request = session.ask(uri, *WAITING)
    await session.until_decoding()
    assert await session.command("mim.pause") is True
    assert (await request).items == ()
    assert await session.texts(uri, *TYPED, invoked=True) == []
    assert (await session.status()).state == "paused"
    assert await session.command("mim.resume", None) is False
    assert await session.texts(uri, *TYPED) != []


async def test_toggling_turns_it_over_and_resuming_everything_resumes_documents(session: Session) -> None:
    uri = session.open(CODE)
    assert [await session.command("mim.toggle", uri) for _ in range(3)] == [True, False, True]
    assert [await session.command("mim.toggle") for _ in range(2)] == [True, False]
    assert await session.texts(uri, *TYPED) != []


async def test_while_everything_is_paused_a_document_stays_paused_and_the_user_is_told_why(session: Session) -> None:
    uri = session.open(CODE)
    about = {"textDocument": {"uri": uri}}
    await session.command("mim.pause", uri)
    assert not (await session.send("mim/status", about)).pausedEverywhere
    await session.command("mim.resume", uri)
    await session.command("mim.pause")
    assert (await session.send("mim/status", about)).pausedEverywhere
    for count, command in enumerate(("mim.toggle", "mim.toggle", "mim.resume", "mim.pause"), 1):
        told = len(session.client.messages)
        assert await session.command(command, uri) is True, f"{command}, command {count}"
        assert [message.message for message in session.client.messages[told:]] == [EVERYTHING_IS_PAUSED]
    await session.command("mim.resume")
    status = await session.send("mim/status", about)
    assert (status.paused, status.pausedEverywhere) == (False, False)
    assert await session.texts(uri, *TYPED) != []


async def test_closing_ends_the_pause_of_a_document(session: Session) -> None:
    uri = session.open(CODE, "closed.py")
    await session.command("mim.pause", uri)
    session.close(uri)
    assert session.open(CODE, "closed.py") == uri
    assert await session.texts(uri, *TYPED) != []


@pytest.mark.parametrize("command", ["mim.pause", "mim.switchModel"])
async def test_odd_arguments_are_refused(session: Session, command: str) -> None:
    with pytest.raises(JsonRpcInvalidParams):
        await session.command(command, 3)


async def test_the_engine_is_restarted(session: Session) -> None:
    uri = session.open(CODE)
    await session.texts(uri, *TYPED)
    assert (await session.report()).calls > 0
    await session.command("mim.restartEngine")
    assert await session.texts(uri, *TYPED) != []
    assert (await session.report()).calls == 1


async def test_another_model_is_used_until_the_settings_count_again(session: Session) -> None:
    uri = session.open(CODE)
    for model, name in (("other", "other"), (None, "scripted")):
        await session.command("mim.switchModel", model)
        assert await session.texts(uri, *TYPED) != []
        assert (await session.status()).model == name


async def test_a_model_that_cannot_be_loaded_is_told_each_time_it_is_asked_for() -> None:
    async with start("--load-error", "no model 'x'") as session:
        await session.until(lambda: len(session.client.messages) == 1)
        await session.command("mim.switchModel", "x")
        await session.until(lambda: len(session.client.messages) == 2)
        assert {message.message for message in session.client.messages} == {"mim-lsp: no model 'x'"}
        assert ((await session.status()).state, (await session.status()).message) == ("error", "no model 'x'")


async def test_the_log_is_opened_and_named(session: Session) -> None:
    path = Path(await session.command("mim.showLog"))
    assert [shown.uri for shown in session.client.shown_documents] == [path.as_uri()]
    assert "is ready" in path.read_text()


async def test_the_life_of_a_suggestion_is_counted(session: Session) -> None:
    uri = session.open(CODE)
    before = await session.command("mim.stats")
    (item,) = (await session.ask(uri, *TYPED)).items
    session.client.protocol.notify("mim/didShow", {"item": item})
    session.client.protocol.notify("mim/didPartiallyAccept", {"item": item, "acceptedLength": 4})
    after = await session.command("mim.stats")
    assert after["answers"] == before["answers"] + 1
    assert after["accepted_characters"] == before["accepted_characters"] + 4
    assert item.command is not None
    await session.command(item.command.command, *(item.command.arguments or ()))
    session.client.protocol.notify("mim/didAccept", {"item": item})
    last = await session.command("mim.stats")
    assert last["accepted"] == before["accepted"] + 1
    assert last["accepted_characters"] == before["accepted_characters"] + len("turn a + b")


@pytest.mark.parametrize("method", ["mim/didShow", "mim/didAccept", "mim/didPartiallyAccept"])
@pytest.mark.parametrize(
    "params", [None, [], {}, {"item": None}, {"item": {"command": {"arguments": [3]}}}, {"item": 1}]
)
async def test_odd_reports_do_no_harm(session: Session, method: str, params: object) -> None:
    before = await session.command("mim.stats")
    session.client.protocol.notify(method, params)
    assert (await session.command("mim.stats"))["accepted"] == before["accepted"]


async def test_the_status_is_one_word_and_many_counts(session: Session) -> None:
    uri = session.open(CODE)
    await session.texts(uri, *TYPED)
    status = await session.status()
    assert (status.state, status.message, status.paused, status.refusal) == ("ready", "", False, None)
    assert status.answers >= status.served > 0
    assert status.latencyMs.p50 <= status.latencyMs.p95
    request = session.ask(uri, *WAITING)
    await session.until_decoding()
    assert (await session.status()).state == "busy"
    await session.release()
    await request
