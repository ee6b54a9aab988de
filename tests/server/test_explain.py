"""`mim/explain` over the protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pygls.exceptions import JsonRpcInvalidParams

from tests.server.session import Session, start

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODE = "def f(a, b):\n    re\n    nothing\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[Session]:
    async with start() as session:
        yield session


def at(uri: str, line: int, column: int) -> dict[str, object]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}


async def test_before_any_request_there_is_nothing_to_explain(session: Session) -> None:
    answer = await session.send("mim/explain", None)
    assert (answer.reason, answer.candidates) == ("no_request", [])


async def test_a_place_is_explained_with_its_candidates(session: Session) -> None:
    answer = await session.send("mim/explain", at(session.open(CODE), 1, 6))
    assert [candidate.text for candidate in answer.candidates] == ["turn a + b"]
    assert answer.reason is None


async def test_silence_is_explained_with_a_sentence(session: Session) -> None:
    answer = await session.send("mim/explain", at(session.open(CODE), 2, 11))
    assert (answer.reason, answer.candidates) == ("blank", [])
    assert answer.reasonText.endswith(".")


async def test_what_is_too_unsure_while_typing_is_explained_as_such() -> None:
    async with start(initialization_options={"eagerness": 0.1}) as session:
        assert (await session.send("mim/explain", at(session.open(CODE), 1, 6))).reason == "low_confidence"


async def test_the_latest_answer_is_explained_without_a_place(session: Session) -> None:
    await session.texts(session.open(CODE), 1, 6)
    assert [each.text for each in (await session.send("mim/explain", {})).candidates] == ["turn a + b"]


async def test_what_may_not_be_read_is_said(session: Session) -> None:
    assert (await session.send("mim/explain", at(session.open(CODE, ".env"), 1, 6))).reason == "excluded"
    assert (await session.send("mim/explain", at("file:///never.py", 1, 6))).reason == "unknown_document"


@pytest.mark.parametrize("position", [3, {}, {"line": -1, "character": 0}, {"line": "1", "character": 0}])
async def test_an_odd_position_is_refused(session: Session, position: object) -> None:
    with pytest.raises(JsonRpcInvalidParams):
        await session.send("mim/explain", {"textDocument": {"uri": session.open(CODE)}, "position": position})
