from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.line_endings import dominant_line_break, normalize, restore


@pytest.mark.parametrize(
    ("text", "line_break"),
    [
        ("", "\n"),
        ("x", "\n"),
        ("a\nb", "\n"),
        ("a\r\nb", "\r\n"),
        ("a\r\nb\r\nc\n", "\r\n"),
        ("a\r\nb\nc\n", "\n"),
        ("a\r\nb\n", "\n"),
        ("a\rb\rc\r", "\n"),
        ("\r\r\n\r", "\r\n"),
    ],
)
def test_the_line_break_of_most_lines(text: str, line_break: str) -> None:
    assert dominant_line_break(text) == line_break


@pytest.mark.parametrize(
    ("text", "offset", "normalized", "moved"),
    [
        ("", 0, "", 0),
        ("a\nb", 3, "a\nb", 3),
        ("a\r\nb\r\nc", 0, "a\nb\nc", 0),
        ("a\r\nb\r\nc", 1, "a\nb\nc", 1),
        ("a\r\nb\r\nc", 2, "a\nb\nc", 1),
        ("a\r\nb\r\nc", 3, "a\nb\nc", 2),
        ("a\r\nb\r\nc", 7, "a\nb\nc", 5),
        ("😀\r\r\n\r漢", 2, "😀\r\n\r漢", 2),
        ("😀\r\r\n\r漢", 3, "😀\r\n\r漢", 2),
        ("😀\r\r\n\r漢", 6, "😀\r\n\r漢", 5),
        ("a\r", 2, "a\r", 2),
    ],
)
def test_the_cursor_stays_where_it_was(text: str, offset: int, normalized: str, moved: int) -> None:
    assert normalize(text, offset) == (normalized, moved)


@given(st.text("a\r\n漢", max_size=30), st.data())
def test_normalizing_the_sides_is_the_same_as_normalizing_the_text(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    normalized, moved = normalize(text, offset)
    if text[max(offset - 1, 0) : offset + 1] == "\r\n":
        offset -= 1
    assert normalized[:moved] == text[:offset].replace("\r\n", "\n")
    assert normalized[moved:] == text[offset:].replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("insert", "line_break", "restored"),
    [
        ("a\nb\n", "\r\n", "a\r\nb\r\n"),
        ("a\nb\n", "\n", "a\nb\n"),
        ("a\r\nb\nc\r", "\r\n", "a\r\nb\r\nc\r"),
        ("a\r\nb", "\n", "a\nb"),
    ],
)
def test_what_is_inserted_gets_the_documents_line_breaks(insert: str, line_break: str, restored: str) -> None:
    assert restore(insert, line_break) == restored  # type: ignore[arg-type]


@given(st.text("a漢\n", max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_a_document_in_one_line_break_comes_back_unchanged(text: str, line_break: str) -> None:
    document = text.replace("\n", line_break)
    normalized, end = normalize(document, len(document))
    assert (normalized, end) == (text, len(text))
    assert restore(normalized, line_break) == document  # type: ignore[arg-type]
