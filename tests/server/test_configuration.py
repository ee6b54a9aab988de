"""How the user's settings reach the requests."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from lsprotocol import types as t

from mim_lsp.server.configuration import ARRIVAL_WAIT_S, Configuration
from tests.server.session import Session, start

pytestmark = pytest.mark.asyncio
CODE = "def f(a, b):\n    re\n"
TYPED = (1, 6)


def _cannot_be_asked(capabilities: t.ClientCapabilities) -> None:
    assert capabilities.workspace is not None
    capabilities.workspace.configuration = None


async def _until_max_tokens(session: Session, expected: int) -> None:
    uri = session.open(CODE)

    async def arrived() -> bool:
        await session.texts(uri, *TYPED)
        return bool((await session.report()).options.max_tokens == expected)

    await session.until(arrived)


async def test_the_editors_configuration_wins_over_the_initial_options() -> None:
    initial = {"maxTokens": 10, "meetNgram": 4}
    async with start(initialization_options=initial, configuration={"maxTokens": 20, "decode": "streams"}) as session:
        await _until_max_tokens(session, 20)
        options = (await session.report()).options
        assert (options.meet_ngram, options.decode) == (4, "streams")


async def test_a_changed_configuration_is_asked_for_again_and_problems_are_shown_once() -> None:
    async with start(configuration={"maxTokens": 20}) as session:
        await _until_max_tokens(session, 20)
        for max_tokens in (30, 40):
            session.client.set_configuration({"mim": {"maxTokens": max_tokens, "eagerness": 2}})
            session.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=None))
            await _until_max_tokens(session, max_tokens)
        (message,) = session.client.messages
        assert message.type == t.MessageType.Warning
        assert message.message == "mim-lsp: mim.eagerness must be a number from 0 to 1, not 2: 0.5 is used"


async def test_the_first_requests_wait_for_the_settings() -> None:
    """A request that comes with the first key is neither answered by other rules nor lost when the settings come."""
    async with start(configuration={"exclude": ["secret.py"], "maxTokens": 20}) as session:
        excluded, other = session.open(CODE, "secret.py"), session.open(CODE)
        assert await session.texts(excluded, *TYPED) == []
        assert (await session.status()).lastReason == "excluded"
        assert await session.texts(other, *TYPED) == ["turn a + b"]
        assert (await session.report()).options.max_tokens == 20


async def test_a_client_that_does_not_tell_its_settings_is_not_waited_for_again() -> None:
    configuration = Configuration(pytest.fail)
    for _ in range(2):
        await asyncio.wait_for(configuration.arrival(), ARRIVAL_WAIT_S + 1)
    started = time.monotonic()
    await configuration.arrival()
    assert time.monotonic() - started < ARRIVAL_WAIT_S / 2


async def test_a_client_that_cannot_be_asked_pushes_its_settings() -> None:
    async with start(capabilities=_cannot_be_asked, initialization_options={"maxTokens": 10}) as session:
        await _until_max_tokens(session, 10)
        pushed = t.DidChangeConfigurationParams(settings={"mim": {"maxTokens": 20}})
        session.client.workspace_did_change_configuration(pushed)
        await _until_max_tokens(session, 20)


async def test_unsure_suggestions_are_shown_only_on_demand() -> None:
    async with start(initialization_options={"eagerness": 0.1, "maxCandidates": 2}) as session:
        uri = session.open(CODE)
        assert await session.texts(uri, *TYPED) == []
        assert (await session.status()).lastReason == "low_confidence"
        assert len(await session.texts(uri, *TYPED, invoked=True)) == 2


async def test_the_project_is_read_again_when_its_file_is_saved(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text("[tool.mim-lsp]\nmax-tokens = 10\n")
    async with start(roots=[tmp_path], configuration={"maxTokens": 64, "mode": None}) as session:
        await _until_max_tokens(session, 10)
        project.write_text("[tool.mim-lsp]\nmax-tokens = 20\nmodel = 'theirs'\n")
        saved = t.DidSaveTextDocumentParams(t.TextDocumentIdentifier(project.as_uri()))
        session.client.text_document_did_save(saved)
        await _until_max_tokens(session, 20)
        (message,) = session.client.messages
        assert "[tool.mim-lsp] model concerns your machine" in message.message
        project.unlink()
        changed = t.FileEvent(project.as_uri(), t.FileChangeType.Deleted)
        session.client.workspace_did_change_watched_files(t.DidChangeWatchedFilesParams([changed]))
        await _until_max_tokens(session, 64)


async def test_only_the_roots_own_project_file_counts(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    other = tmp_path / "deep" / "pyproject.toml"
    other.write_text("[tool.mim-lsp]\nmax-tokens = 10\n")
    async with start(roots=[tmp_path]) as session:
        session.client.text_document_did_save(t.DidSaveTextDocumentParams(t.TextDocumentIdentifier(other.as_uri())))
        await _until_max_tokens(session, 64)


async def test_suggestions_can_be_switched_off_and_on_again() -> None:
    async with start(configuration={"enabled": False}) as session:
        uri = session.open(CODE)

        async def offers(expected: list[str]) -> bool:
            return await session.texts(uri, *TYPED, invoked=True) == expected

        await session.until(lambda: offers([]))
        assert ((await session.status()).state, (await session.status()).lastReason) == ("paused", "disabled")
        session.client.set_configuration({"mim": {"maxCandidates": 1}})
        session.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=None))
        await session.until(lambda: offers(["turn a + b"]))


async def test_with_a_manual_trigger_only_asking_is_answered() -> None:
    async with start(initialization_options={"trigger": "manual"}) as session:
        uri = session.open(CODE)
        assert await session.texts(uri, *TYPED) == []
        assert (await session.status()).lastReason == "manual_trigger"
        assert await session.texts(uri, *TYPED, invoked=True) != []


UNREADABLE = [
    (".env", "dotenv", CODE, "excluded"),
    ("deep/server.pem", "python", CODE, "excluded"),
    ("made.snap.py", "python", CODE, "excluded"),
    ("a.md", "markdown", CODE, "unsupported_language"),
    ("g.py", "python", "# @generated\n" + CODE, "generated"),
    ("big.py", "python", CODE + "#" * 2_000_000, "too_large"),
    ("b.py", "python", CODE + "\0", "binary"),
]


async def test_what_must_not_be_read_is_not_read() -> None:
    async with start(initialization_options={"exclude": ["*.snap.py"]}) as session:
        for name, language, text, reason in UNREADABLE:
            uri = session.open(text, name, language)
            assert await session.texts(uri, *TYPED, invoked=True) == []
            status = await session.send("mim/status", {"textDocument": {"uri": uri}})
            assert (status.lastReason, status.refusal) == (reason, reason)
        report = await session.report()
        assert (report.calls, report.warmed) == (0, 0)


async def test_nothing_is_counted_unless_that_is_wanted() -> None:
    async with start(initialization_options={"stats": False}) as session:
        before = (await session.command("mim.stats"))["answers"]
        await session.texts(session.open(CODE), *TYPED)
        assert (await session.command("mim.stats"))["answers"] == before
        session.client.set_configuration({"mim": {"stats": True}})  # the default: as if it were not set
        session.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=None))
        assert (await session.command("mim.stats"))["answers"] == before


async def test_another_model_is_loaded_when_the_settings_name_it() -> None:
    async with start(initialization_options={"threads": 1}) as session:
        uri = session.open(CODE)
        assert await session.texts(uri, *TYPED) != []
        session.client.set_configuration({"mim": {"model": "other"}})
        session.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=None))

        async def loaded() -> bool:
            await session.texts(uri, *TYPED)
            return bool((await session.status()).model == "other")

        await session.until(loaded)


@pytest.mark.parametrize("options", [None, [], "maxTokens", {"unknown": 1}])
async def test_odd_initial_options_are_no_problem(options: object) -> None:
    async with start(initialization_options=options) as session:
        assert await session.texts(session.open(CODE), *TYPED) == ["turn a + b"]
        assert session.client.messages == []
