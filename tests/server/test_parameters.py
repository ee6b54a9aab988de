"""The code actions that add a parameter, over the protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from lsprotocol import types as t

from tests.server.session import WIDTHS, Session, start

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODE = """\
import socket

def fetch(url):
    print("😀", timeout); return socket.create_connection(url)

def again(url, timeout):
    fetch(url)
    fetch(*url)
"""
USE = (3, 17)  # in UTF-16
DECLARED = "timeout: float = 10"
BARE = "def g(a):\n    return a + missing\n"


def clients_with(resolve: bool = True, annotate: bool = True) -> Callable[[t.ClientCapabilities], None]:
    def adjust(capabilities: t.ClientCapabilities) -> None:
        assert capabilities.text_document is not None
        assert capabilities.workspace is not None
        capabilities.text_document.code_action = t.CodeActionClientCapabilities(
            data_support=True, resolve_support=t.ClientCodeActionResolveOptions(["edit"]) if resolve else None
        )
        support = t.ChangeAnnotationsSupportOptions() if annotate else None
        capabilities.workspace.workspace_edit = t.WorkspaceEditClientCapabilities(
            document_changes=True, change_annotation_support=support
        )

    return adjust


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[Session]:
    async with start(capabilities=clients_with()) as session:
        uri = session.open("x = 1\n")
        await session.texts(uri, 0, 5, invoked=True)  # the model is loaded
        yield session


async def offered(
    session: Session,
    uri: str,
    at: tuple[int, int],
    diagnostics: list[t.Diagnostic] | None = None,
    only: list[str] | None = None,
) -> list[t.CodeAction]:
    params = t.CodeActionParams(
        t.TextDocumentIdentifier(uri),
        t.Range(t.Position(*at), t.Position(*at)),
        t.CodeActionContext(diagnostics or [], only),
    )
    return list(await session.send(t.TEXT_DOCUMENT_CODE_ACTION, params))


async def titled(session: Session, uri: str, title: str) -> t.CodeAction:
    """The action with that title, which may come without what the model writes at first."""
    found: list[t.CodeAction] = []

    async def is_there() -> bool:
        found[:] = [each for each in await offered(session, uri, USE) if each.title == title]
        return bool(found)

    await session.until(is_there)
    return found[0]


def applied(text: str, action: t.CodeAction, encoding: str = "utf-16") -> str:
    """The text after the action's edit, as a client makes it."""
    assert action.edit is not None
    (document,) = action.edit.document_changes or ()
    assert isinstance(document, t.TextDocumentEdit)
    return applied_to(text, document, encoding)


def applied_to(text: str, document: t.TextDocumentEdit, encoding: str = "utf-16") -> str:
    """The text of a document after its edits."""
    lines = text.split("\n")

    def offset(position: t.Position) -> int:
        line = lines[position.line]
        column = next(n for n in range(len(line) + 1) if WIDTHS[encoding](line[:n]) >= position.character)
        return sum(len(each) + 1 for each in lines[: position.line]) + column

    for edit in sorted(document.edits, key=lambda each: offset(each.range.start), reverse=True):
        assert isinstance(edit, t.TextEdit | t.AnnotatedTextEdit)
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


async def test_both_actions_are_offered_for_the_name_at_the_cursor(session: Session) -> None:
    uri = session.open(CODE)
    action = await titled(session, uri, f"Add parameter '{DECLARED}'")
    actions = await offered(session, uri, USE)
    assert [each.title for each in actions] == [action.title, f"{action.title} to signature and calls"]
    assert {each.kind for each in actions} == {"quickfix"}
    assert all(each.edit is None for each in actions)


async def test_the_edit_is_worked_out_when_the_action_is_picked(session: Session) -> None:
    uri = session.open(CODE)
    action = await titled(session, uri, f"Add parameter '{DECLARED}'")
    resolved = await session.send(t.CODE_ACTION_RESOLVE, action)
    assert applied(CODE, resolved) == CODE.replace("fetch(url):", f"fetch(url, {DECLARED}):")
    (change,) = resolved.edit.document_changes
    assert (change.text_document.uri, change.text_document.version) == (uri, 1)


async def test_calls_get_the_argument_and_each_change_says_what_it_is_for(session: Session) -> None:
    uri = session.open(CODE)
    action = await titled(session, uri, f"Add parameter '{DECLARED}' to signature and calls")
    messages = len(session.client.messages)
    resolved = await session.send(t.CODE_ACTION_RESOLVE, action)
    expected = CODE.replace("fetch(url):", f"fetch(url, {DECLARED}):").replace(
        "    fetch(url)\n", "    fetch(url, timeout=timeout)\n"
    )
    assert applied(CODE, resolved) == expected
    annotations = resolved.edit.change_annotations
    assert {note.label for note in annotations.values()} == {"Add parameter timeout", "Pass timeout on"}
    used = {edit.annotation_id for edit in resolved.edit.document_changes[0].edits}
    assert used == set(annotations)
    await session.until(lambda: len(session.client.messages) > messages)
    assert session.client.messages[-1].message.endswith("to be looked at: line 8.")


async def test_a_diagnostic_makes_it_a_quick_fix_wherever_the_cursor_is(session: Session) -> None:
    uri = session.open(BARE)
    span = t.Range(t.Position(1, 15), t.Position(1, 22))
    diagnostic = t.Diagnostic(span, '"missing" is not defined', source="Pyright")
    actions = await offered(session, uri, (0, 0), [diagnostic])
    assert [each.title for each in actions] == [
        "Add parameter 'missing'",
        "Add parameter 'missing' to signature and calls",
    ]
    assert all(each.kind == "quickfix" and list(each.diagnostics or ()) == [diagnostic] for each in actions)


async def test_elsewhere_in_the_function_it_is_a_refactoring(session: Session) -> None:
    uri = session.open(BARE)
    assert {each.kind for each in await offered(session, uri, (0, 5))} == {"refactor.rewrite"}
    assert await offered(session, uri, (0, 5), only=["quickfix"]) == []
    assert len(await offered(session, uri, (1, 17), only=["quickfix"])) == 2


async def test_each_name_of_several_diagnostics_has_its_own_actions(session: Session) -> None:
    uri = session.open("def g(a):\n    return a + first + second\n")
    diagnostics = [
        t.Diagnostic(t.Range(t.Position(1, start), t.Position(1, end)), "not defined")
        for start, end in ((15, 20), (23, 29))
    ]
    actions = await offered(session, uri, (0, 0), diagnostics)
    assert [(each.title, list(each.diagnostics or ())) for each in actions[::2]] == [
        ("Add parameter 'first'", diagnostics[:1]),
        ("Add parameter 'second'", diagnostics[1:]),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\n", "No function with a complete header is at this place."),
        ("def f(a):\n    return a\n", "f reads no undefined name."),
        ("from os import *\ndef f():\n    return sep\n", "The file has a star import, which may define every name."),
        ("def f():\n    return Path()\n", "The undefined names of f are written as classes are."),
        (BARE, None),
    ],
)
async def test_it_is_explained_why_no_parameter_is_offered(session: Session, text: str, reason: str | None) -> None:
    lines = text.split("\n")
    place = {"textDocument": {"uri": session.open(text)}, "position": {"line": len(lines) - 2, "character": 5}}
    assert (await session.send("mim/explain", place)).noParameter == reason


@pytest.mark.parametrize("text", ["x = missing\n", "def f(a):\n    return a\n", "", "def f(\n"])
async def test_nothing_is_offered_where_no_parameter_is_missing(session: Session, text: str) -> None:
    assert await offered(session, session.open(text), (0, 6)) == []


async def test_other_languages_have_no_such_actions(session: Session) -> None:
    assert await offered(session, session.open(BARE, "a.txt", "plaintext"), (1, 17)) == []


async def test_an_action_for_an_older_text_has_no_edit(session: Session) -> None:
    uri = session.open(BARE)
    action = (await offered(session, uri, (1, 17)))[0]
    session.change(uri, 2, (0, 0), "\n")
    messages = len(session.client.messages)
    assert (await session.send(t.CODE_ACTION_RESOLVE, action)).edit is None
    await session.until(lambda: len(session.client.messages) > messages)
    assert "has changed" in session.client.messages[-1].message


async def test_windows_line_breaks_stay(session: Session) -> None:
    text = (
        'def g(\r\n    a,\r\n):\r\n    """G.\r\n\r\n    Args:\r\n        a: x\r\n    """\r\n    return a + missing\r\n'
    )
    uri = session.open(text)
    action = (await offered(session, uri, (8, 17)))[1]
    resolved = await session.send(t.CODE_ACTION_RESOLVE, action)
    expected = text.replace("    a,\r\n", "    a,\r\n    missing,\r\n").replace(
        "a: x\r\n", "a: x\r\n        missing:\r\n"
    )
    assert applied(text, resolved) == expected


async def test_clients_that_cannot_resolve_or_annotate_get_plain_edits_at_once() -> None:
    async with start(capabilities=clients_with(resolve=False, annotate=False), encoding="utf-8") as session:
        uri = session.open("x = 1\n")
        await session.texts(uri, 0, 5, invoked=True)
        uri = session.open(BARE)
        actions = await offered(session, uri, (1, 17))
        assert [applied(BARE, each, "utf-8") for each in actions] == [BARE.replace("(a)", "(a, missing)")] * 2
        assert all(each.edit and each.edit.change_annotations is None for each in actions)
