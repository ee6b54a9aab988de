"""How the user's settings reach the requests."""

from __future__ import annotations

import pytest
from lsprotocol import types as t

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
            session.client.set_configuration({"mim": {"maxTokens": max_tokens, "minConfidence": 2}})
            session.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=None))
            await _until_max_tokens(session, max_tokens)
        (message,) = session.client.messages
        assert message.type == t.MessageType.Warning
        assert (
            message.message
            == "mim-lsp: mim.minConfidence must be a number from 0 to 1, not 2: the default (0.0) is used"
        )


async def test_a_client_that_cannot_be_asked_pushes_its_settings() -> None:
    async with start(capabilities=_cannot_be_asked, initialization_options={"maxTokens": 10}) as session:
        await _until_max_tokens(session, 10)
        pushed = t.DidChangeConfigurationParams(settings={"mim": {"maxTokens": 20}})
        session.client.workspace_did_change_configuration(pushed)
        await _until_max_tokens(session, 20)


async def test_unsure_suggestions_are_shown_only_on_demand() -> None:
    async with start(initialization_options={"minConfidence": 0.9, "maxCandidates": 2}) as session:
        uri = session.open(CODE)
        assert await session.texts(uri, *TYPED) == []
        assert (await session.status()).lastReason == "low_confidence"
        assert len(await session.texts(uri, *TYPED, invoked=True)) == 2


@pytest.mark.parametrize("options", [None, [], "maxTokens", {"unknown": 1}])
async def test_odd_initial_options_are_no_problem(options: object) -> None:
    async with start(initialization_options=options) as session:
        assert await session.texts(session.open(CODE), *TYPED) == ["turn a + b"]
        assert session.client.messages == []
