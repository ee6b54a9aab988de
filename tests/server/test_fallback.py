"""Suggestions in the completion menu, and how the feature is registered."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from lsprotocol import types as t
from pygls.exceptions import JsonRpcMethodNotFound

from mim_lsp.server.fallback import TRIGGERS
from tests.server.session import Session, start

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODE = "def f(a, b):\n    re\n    for value in values:\n    x.return\n    nothing\n"
TYPED = (1, 6)


def _later(capabilities: t.ClientCapabilities) -> None:
    """The client wants to be told of features after `initialized`."""
    assert capabilities.text_document is not None
    capabilities.text_document.inline_completion = t.InlineCompletionClientCapabilities(dynamic_registration=True)
    capabilities.text_document.completion = t.CompletionClientCapabilities(dynamic_registration=True)


def _at_once(capabilities: t.ClientCapabilities) -> None:
    assert capabilities.text_document is not None
    capabilities.text_document.completion = t.CompletionClientCapabilities(dynamic_registration=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session() -> AsyncIterator[Session]:
    options = {"fallbackCompletion": True}
    async with start(capabilities=_at_once, initialization_options=options) as session:
        yield session


async def menu(session: Session, uri: str, line: int, column: int) -> list[t.CompletionItem]:
    params = t.CompletionParams(t.TextDocumentIdentifier(uri), t.Position(line, column))
    answer = await session.send(t.TEXT_DOCUMENT_COMPLETION, params)
    assert answer.is_incomplete
    return list(answer.items)


async def test_it_is_advertised_at_once_to_clients_that_cannot_be_told_later(session: Session) -> None:
    assert session.capabilities.completion_provider == t.CompletionOptions(trigger_characters=TRIGGERS)
    assert t.TEXT_DOCUMENT_COMPLETION not in session.registered


async def test_a_suggestion_is_an_entry_that_covers_the_word_before_the_cursor(session: Session) -> None:
    (item,) = await menu(session, session.open(CODE), *TYPED)
    assert item.label == "return a + b"
    assert item.text_edit == t.TextEdit(t.Range(t.Position(1, 4), t.Position(1, 6)), "return a + b")
    assert (item.filter_text, item.preselect, item.insert_text_format) == ("re", False, t.InsertTextFormat.PlainText)
    assert item.sort_text is not None
    assert item.sort_text > "zzz"
    assert isinstance(item.documentation, t.MarkupContent)
    assert item.documentation.value == "```python\nreturn a + b\n```"
    assert item.command is not None
    assert item.command.command == "mim.accepted"


async def test_the_label_of_a_long_text_is_its_first_line(session: Session) -> None:
    (item,) = await menu(session, session.open(CODE), 2, 12)
    assert item.label == "value in values:"
    assert isinstance(item.text_edit, t.TextEdit)
    assert item.text_edit.new_text.count("\n") == 2


async def test_the_label_of_a_text_that_begins_with_a_line_break_is_what_comes_then(session: Session) -> None:
    (item,) = await menu(session, session.open("def later():\n"), 0, 12)
    assert (item.label, item.filter_text) == ("pass", "pass")


async def test_no_suggestion_is_no_entry(session: Session) -> None:
    assert await menu(session, session.open(CODE), 4, 11) == []
    assert await menu(session, "file:///tmp/never_opened.py", 0, 0) == []


async def test_it_is_not_there_unless_it_is_asked_for() -> None:
    async with start(capabilities=_at_once) as session:
        assert session.capabilities.completion_provider is None
        with pytest.raises(JsonRpcMethodNotFound):
            await menu(session, session.open(CODE), *TYPED)


async def test_features_are_registered_later_for_clients_that_want_that() -> None:
    async with start(capabilities=_later, configuration={"fallbackCompletion": True}) as session:
        assert session.capabilities.inline_completion_provider is None
        assert session.capabilities.completion_provider is None
        await session.until(
            lambda: {t.TEXT_DOCUMENT_INLINE_COMPLETION, t.TEXT_DOCUMENT_COMPLETION} <= set(session.registered)
        )
        uri = session.open(CODE)
        assert await session.texts(uri, *TYPED) == ["turn a + b"]
        assert [item.label for item in await menu(session, uri, *TYPED)] == ["return a + b"]
        session.client.set_configuration({"mim": {}})
        session.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=None))
        await session.until(lambda: t.TEXT_DOCUMENT_COMPLETION not in session.registered)
        assert t.TEXT_DOCUMENT_INLINE_COMPLETION in session.registered
