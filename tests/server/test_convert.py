from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as t

from mim_lsp.completion.types import Candidate
from mim_lsp.server.convert import advance, inline_items, offset_at, typed_since

ENCODINGS = ("utf-8", "utf-16", "utf-32")
TEXTS = st.text(alphabet=st.sampled_from("ab\n\r\f\x85\u2028é中😀\ud800"), max_size=30)
LINES = st.text(alphabet=st.sampled_from("ab\fé中😀"), max_size=10)


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 7), ("utf-16", 4), ("utf-32", 3)])
def test_columns_count_code_units(encoding: str, column: int) -> None:
    assert offset_at("x\nπ😀a;", t.Position(1, column), encoding) == 2 + 3


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 2), ("utf-16", 2)])
def test_a_column_inside_a_character_means_its_start(encoding: str, column: int) -> None:
    assert offset_at("a😀b", t.Position(0, column), encoding) == 1


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb"])
def test_all_three_line_breaks_count(text: str) -> None:
    assert text[offset_at(text, t.Position(1, 0), "utf-16")] == "b"


def test_form_feeds_and_separators_do_not_end_a_line() -> None:
    text = "a\f\x0b\x1c\x85\u2028b\nc"
    assert text[offset_at(text, t.Position(1, 0), "utf-16")] == "c"


def test_the_line_after_the_last_break_exists() -> None:
    assert offset_at("é\n", t.Position(1, 0), "utf-8") == 2


@given(TEXTS, st.integers(0, 40), st.integers(0, 40), st.sampled_from(ENCODINGS))
def test_no_position_leads_out_of_the_text(text: str, line: int, column: int, encoding: str) -> None:
    assert 0 <= offset_at(text, t.Position(line, column), encoding) <= len(text)


@given(st.lists(LINES, min_size=1), st.data(), st.sampled_from(ENCODINGS))
def test_advancing_over_the_head_of_a_line_leads_to_its_offset(
    lines: list[str], data: st.DataObject, encoding: str
) -> None:
    row = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[row])))
    position = advance(t.Position(row, 0), lines[row][:column], encoding)
    assert offset_at("\n".join(lines), position, encoding) == sum(len(line) + 1 for line in lines[:row]) + column


@given(TEXTS, st.data(), TEXTS)
def test_what_was_typed_since_is_found(then: str, data: st.DataObject, typed: str) -> None:
    offset = data.draw(st.integers(0, len(then)))
    assert typed_since(then, offset, then[:offset] + typed + then[offset:]) == typed


@pytest.mark.parametrize("now", ["", "ab", "abd", "Xbc", "abcd", "xabc"])
def test_other_edits_do_not_count_as_typing(now: str) -> None:
    assert typed_since("abc", 2, now) is None


def test_items_replace_what_was_typed_meanwhile() -> None:
    candidates = [Candidate("é😀x", 1.0, "met"), Candidate("no", 1.0, "met")]
    items = inline_items(candidates, t.Position(3, 4), "é😀", "utf-16").items
    assert [item.insert_text for item in items] == ["é😀x"]
    assert items[0].range == t.Range(t.Position(3, 4), t.Position(3, 7))
