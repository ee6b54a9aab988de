from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as t

from mim_lsp.server.documents import Document, Workspace

URI = "file:///tmp/m.py"


def _workspace(text: str, uri: str = URI, language: str = "python") -> Workspace:
    workspace = Workspace(None)
    workspace.put_text_document(t.TextDocumentItem(uri=uri, language_id=language, version=1, text=text))
    return workspace


def _document(text: str, uri: str = URI, language: str = "python") -> Document:
    document = _workspace(text, uri, language).open_document(uri)
    assert document is not None
    return document


def _edit(start: tuple[int, int], end: tuple[int, int], text: str) -> t.TextDocumentContentChangePartial:
    return t.TextDocumentContentChangePartial(t.Range(t.Position(*start), t.Position(*end)), text)


def test_an_edit_below_a_form_feed_lands_on_its_line() -> None:
    document = _document("a = 1\n\f\nb = 2\n")
    document.apply_change(_edit((2, 4), (2, 5), "3"))
    assert document.source == "a = 1\n\f\nb = 3\n"


def test_an_edit_may_span_lines_of_crlf_and_reach_past_the_end() -> None:
    document = _document("a\r\n😀b\r\nc")
    document.apply_change(_edit((0, 1), (1, 2), "-"))
    assert document.source == "a-b\r\nc"
    document.apply_change(_edit((1, 1), (9, 9), "!"))
    assert document.source == "a-b\r\nc!"


def test_a_change_without_a_range_replaces_everything() -> None:
    document = _document("old")
    document.apply_change(t.TextDocumentContentChangeWholeDocument("new"))
    assert document.source == "new"


def test_the_version_follows_the_edits() -> None:
    workspace = _workspace("x")
    workspace.update_text_document(t.VersionedTextDocumentIdentifier(7, URI), _edit((0, 1), (0, 1), "y"))
    document = workspace.open_document(URI)
    assert document is not None
    assert (document.source, document.version) == ("xy", 7)


@given(st.text(alphabet="ab\n\f😀", max_size=20), st.integers(0, 20), st.integers(0, 20), st.text("x\n😀", max_size=4))
def test_an_edit_replaces_just_its_range(text: str, start: int, length: int, inserted: str) -> None:
    start = min(start, len(text))
    end = min(start + length, len(text))
    document = _document(text)
    document.apply_change(_edit(_place(text, start), _place(text, end), inserted))
    assert document.source == text[:start] + inserted + text[end:]


def _place(text: str, offset: int) -> tuple[int, int]:
    line_start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset), len(text[line_start:offset].encode("utf-16-le")) // 2


def test_documents_that_were_not_opened_are_not_read_from_disk() -> None:
    assert _workspace("x").open_document("file:///etc/hostname") is None


@pytest.mark.parametrize(
    ("uri", "language", "expected"),
    [
        ("file:///a.py", "plaintext", "python"),
        ("file:///a%20b.pyi", "", "python"),
        ("untitled:Untitled-1", "python", "python"),
        ("file:///a.rs", "rust", "rust"),
        ("file:///a.py", "rust", "rust"),
        ("file:///py", "", "plaintext"),
    ],
)
def test_the_language_is_what_the_editor_says_or_what_the_name_tells(uri: str, language: str, expected: str) -> None:
    assert _document("", uri, language).language == expected
