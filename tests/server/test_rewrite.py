"""The code action that fills a selection anew."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from lsprotocol import types as t

from tests.server.session import Place, Session, start

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODE = "def f(a, b):\n    return 😀 + 1\n\nwhere = 2\nnothing = 3\n"
RETURN = ((1, 11), (1, 17))


def _resolves(capabilities: t.ClientCapabilities) -> None:
    _support(capabilities, t.ClientCodeActionResolveOptions(["edit"]))


def _does_not_resolve(capabilities: t.ClientCapabilities) -> None:
    _support(capabilities, None)


def _support(capabilities: t.ClientCapabilities, resolve: t.ClientCodeActionResolveOptions | None) -> None:
    assert capabilities.text_document is not None
    capabilities.text_document.code_action = t.CodeActionClientCapabilities(data_support=True, resolve_support=resolve)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[Session]:
    async with start(capabilities=_resolves) as session:
        yield session


async def offered(
    session: Session, uri: str, start: Place, end: Place, only: list[str] | None = None
) -> list[t.CodeAction]:
    span = t.Range(t.Position(*start), t.Position(*end))
    params = t.CodeActionParams(t.TextDocumentIdentifier(uri), span, t.CodeActionContext([], only))
    return list(await session.send(t.TEXT_DOCUMENT_CODE_ACTION, params))


def change(action: t.CodeAction) -> tuple[str, int | None, t.TextEdit]:
    """The document, its version, and the only edit of an action."""
    assert action.edit is not None
    (document,) = action.edit.document_changes or ()
    assert isinstance(document, t.TextDocumentEdit)
    (edit,) = document.edits
    assert isinstance(edit, t.TextEdit)
    return document.text_document.uri, document.text_document.version, edit


async def test_it_is_advertised(session: Session) -> None:
    options = t.CodeActionOptions(code_action_kinds=("quickfix", "refactor.rewrite"), resolve_provider=True)
    assert session.capabilities.code_action_provider == options


async def test_the_edit_is_worked_out_when_it_is_asked_for(session: Session) -> None:
    uri = session.open(CODE)
    calls = getattr(await session.report(), "calls", 0)
    (action,) = await offered(session, uri, *RETURN)
    assert (action.title, action.kind, action.edit) == ("Rewrite selection (fill between)", "refactor.rewrite", None)
    assert (await session.report()).calls == calls
    where, version, edit = change(await session.send(t.CODE_ACTION_RESOLVE, action))
    assert (where, version) == (uri, 1)
    assert edit == t.TextEdit(t.Range(t.Position(1, 11), t.Position(1, 17)), "a + b")
    options = (await session.report()).options
    assert (options.mode, options.eagerness) == ("block", 1.0)


async def test_blanks_around_a_selection_stay(session: Session) -> None:
    (action,) = await offered(session, session.open(CODE), (0, 12), (3, 0))
    _, _, edit = change(await session.send(t.CODE_ACTION_RESOLVE, action))
    assert edit.range == t.Range(t.Position(1, 4), t.Position(1, 17))


@pytest.mark.parametrize(
    "span",
    [((1, 4), (1, 4)), ((1, 0), (1, 4)), ((2, 0), (3, 0)), ((0, 0), (41, 0))],
    ids=["empty", "blanks", "line break", "too long"],
)
async def test_what_is_no_task_is_not_offered(session: Session, span: tuple[Place, Place]) -> None:
    assert await offered(session, session.open(CODE + "x = 1\n" * 40), *span) == []


async def test_forty_lines_are_a_task_yet(session: Session) -> None:
    assert len(await offered(session, session.open("x = 1\n" * 50), (0, 0), (40, 0))) == 1


@pytest.mark.parametrize(
    ("only", "count"),
    [
        (None, 1),
        (["refactor"], 1),
        (["refactor.rewrite"], 1),
        (["quickfix", "refactor"], 1),
        (["quickfix"], 0),
        (["refactor.rewrite.this"], 0),
        (["ref"], 0),
    ],
)
async def test_only_the_kinds_that_are_asked_for(session: Session, only: list[str] | None, count: int) -> None:
    assert len(await offered(session, session.open(CODE), *RETURN, only)) == count


async def test_it_is_not_offered_where_nothing_may_be_read(session: Session) -> None:
    assert await offered(session, session.open(CODE, ".env"), *RETURN) == []
    assert await offered(session, "file:///tmp/never_opened.py", *RETURN) == []


async def test_an_action_for_an_older_version_does_nothing(session: Session) -> None:
    uri = session.open(CODE)
    (action,) = await offered(session, uri, *RETURN)
    session.change(uri, 2, (0, 0), "#")
    messages = len(session.client.messages)
    assert (await session.send(t.CODE_ACTION_RESOLVE, action)).edit is None
    await session.until(lambda: len(session.client.messages) == messages + 1)


@pytest.mark.parametrize("data", [None, [], ["file:///a.py", 1, "0", 1], {"uri": 3}])
async def test_odd_data_does_nothing(session: Session, data: object) -> None:
    action = t.CodeAction("Rewrite", data=data)
    assert (await session.send(t.CODE_ACTION_RESOLVE, action)).edit is None


async def test_clients_that_cannot_resolve_get_the_edit_at_once_or_no_action() -> None:
    async with start(capabilities=_does_not_resolve, initialization_options={"maxCandidates": 1}) as session:
        uri = session.open(CODE)
        (action,) = await offered(session, uri, *RETURN)
        assert change(action)[2].new_text == "a + b"
        assert await offered(session, uri, (4, 10), (4, 11)) == []
        same = session.open("x\nreturn a + b\n")
        assert await offered(session, same, (1, 7), (1, 12)) == []
