from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as t

from mim_lsp.completion.cache import Fitting
from mim_lsp.completion.types import Candidate
from mim_lsp.server.convert import advance, index_after, inline_items, offset_at, position_at, typed_since

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


@given(TEXTS, st.data(), st.sampled_from(ENCODINGS))
def test_every_offset_has_a_position_that_leads_back_to_it(text: str, data: st.DataObject, encoding: str) -> None:
    offset = data.draw(st.integers(0, len(text)))
    within_break = text[:offset].endswith("\r") and text[offset:].startswith("\n")
    assert offset_at(text, position_at(text, offset, encoding), encoding) == offset - within_break


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 5), ("utf-16", 3), ("utf-32", 2)])
def test_characters_are_counted_in_units(encoding: str, units: int) -> None:
    assert index_after("a😀b", units, encoding) == 2
    assert index_after("a😀b", 99, encoding) == 3


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


def _fitting(text: str, replaces: int = 0) -> Fitting:
    return Fitting(text, replaces, Candidate(text, 1.0, "met"))


def _at(line: int, column: int) -> t.Range:
    return t.Range(t.Position(line, column), t.Position(line, column))


def test_items_replace_what_was_typed_meanwhile() -> None:
    fittings = [_fitting("é😀x"), _fitting("no")]
    items = inline_items(fittings, _at(3, 4), "", "é😀", "utf-16").items
    assert [item.insert_text for item in items] == ["é😀x"]
    assert items[0].range == t.Range(t.Position(3, 4), t.Position(3, 7))


def test_items_take_the_place_of_closers_behind_the_cursor() -> None:
    (item,) = inline_items([_fitting("a) + 1", replaces=1)], _at(0, 4), "", "", "utf-16").items
    assert item.range == t.Range(t.Position(0, 4), t.Position(0, 5))


def test_items_begin_with_what_the_menu_has_selected() -> None:
    span = t.Range(t.Position(0, 2), t.Position(0, 4))
    (item,) = inline_items([_fitting("(x)")], span, "append", "", "utf-16").items
    assert (item.insert_text, item.range) == ("append(x)", span)
