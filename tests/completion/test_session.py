r"""What a session keeps of a context while a person types; at all times it is a context of the present text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mim_lsp.completion.context import Context
from mim_lsp.completion.session import (
    LEAST_TO_WRITE,
    MAX_NEAR_LINES,
    MAX_REST_CHARS,
    MAX_REST_LINES,
    ROW_OVERHEAD,
    Cursor,
    DocumentSession,
)
from mim_lsp.completion.types import CompletionOptions

OPTIONS = CompletionOptions(max_tokens=16)
CONTEXT_LENGTH = 256
TEXT = "import os\n" + "".join(f"class C{i}:\n    def f(self, x):\n        y = foo(x, {i})\n\n\n" for i in range(40))
START = TEXT.index("y = foo(x, 20)")


def count_tokens(text: str) -> int:
    """As a tokenizer does: a line break with its indentation is one token, a word takes the blank before it."""
    return len(re.findall(r"\n[ \t]*| ?[^\W\d]+| ?\d| ?[^\w\s]+|\s|\w", text))


def new_session() -> DocumentSession:
    return DocumentSession(count_tokens, CONTEXT_LENGTH)


def assert_is_of(context: Context, cursor: Cursor) -> None:
    """It says what the text says around the cursor, and its rows fit the model."""
    prefix, suffix = context.prefix[context.lead_length :], context.suffix
    assert cursor.text[: cursor.offset].endswith(prefix)
    assert cursor.text[cursor.offset :].startswith(suffix)
    assert context.lead_length <= context.far_prefix_end <= len(context.prefix)
    assert 0 <= context.far_suffix_start <= len(suffix)
    near, rest = context.prefix[context.far_prefix_end :], suffix[: context.far_suffix_start]
    assert near.count("\n") <= MAX_NEAR_LINES
    assert (len(rest) <= MAX_REST_CHARS and rest.count("\n") <= MAX_REST_LINES) or "\n" not in rest
    assert not re.search(r"\w", rest)
    forward = count_tokens(context.prefix) + count_tokens(suffix[context.far_suffix_start :])
    backward = count_tokens(context.prefix[: context.far_prefix_end]) + count_tokens(suffix)
    assert max(forward, backward) + ROW_OVERHEAD + OPTIONS.max_tokens <= CONTEXT_LENGTH


def typed(cursor: Cursor, keys: str) -> Iterator[Cursor]:
    """The document after each key, in an editor that closes brackets: `(` gives `()`, `)` overtypes; `<` deletes."""
    text, offset = cursor.text, cursor.offset
    for key in keys:
        before, behind = text[:offset], text[offset:]
        if key == "<":
            before = before[:-1]
        elif key == ")" and behind.startswith(")"):
            before, behind = before + ")", behind[1:]
        else:
            before, behind = before + key, ")" * (key == "(") + behind
        text, offset = before + behind, len(before)
        yield Cursor(text, offset)


def far_sides(context: Context) -> tuple[str, str]:
    return context.prefix[: context.far_prefix_end], context.suffix[context.far_suffix_start :]


def test_the_first_context_is_new_and_the_same_place_keeps_it() -> None:
    session, cursor = new_session(), Cursor(TEXT, START)
    first, is_new = session.context(cursor, OPTIONS)
    assert is_new
    assert_is_of(first, cursor)
    assert session.context(cursor, OPTIONS) == (first, False)


@pytest.mark.parametrize(
    "keys",
    [
        "total = circle.area",
        "total = foo(bar(x), baz)",
        "tot<<<best",
        "x = 1\n        y = 2\n        ",
        "z = foo(\n            x",
        "x = {}\n" * 10,
        "<" * 9 + "  # x",
    ],
)
def test_typing_moves_no_far_side(keys: str) -> None:
    """Auto-closed brackets, deleting, Enter, Enter between brackets, a line joined with the one above."""
    cursor = Cursor(TEXT[:START] + "\n\n" + TEXT[START:], START)
    session = new_session()
    first, _ = session.context(cursor, OPTIONS)
    for after in typed(cursor, keys):
        context, is_new = session.context(after, OPTIONS)
        assert not is_new
        assert far_sides(context) == far_sides(first)
        assert_is_of(context, after)


def test_accepting_lines_moves_no_far_side() -> None:
    session, cursor = new_session(), Cursor(TEXT[:START] + "\n" + TEXT[START:], START)
    first, _ = session.context(cursor, OPTIONS)
    insert = "for y in x:\n            print(y)\n        return y"
    after = Cursor(cursor.text[:START] + insert + cursor.text[START:], START + len(insert))
    context, is_new = session.context(after, OPTIONS)
    assert not is_new
    assert far_sides(context) == far_sides(first)
    assert_is_of(context, after)


def test_an_import_added_further_up_moves_no_far_side() -> None:
    session = new_session()
    first, _ = session.context(Cursor(TEXT, START), OPTIONS)
    assert first.lead_length > 0
    added = "import sys\n"
    context, is_new = session.context(Cursor(added + TEXT, START + len(added)), OPTIONS)
    assert (context, is_new) == (first, False)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (TEXT, TEXT.index("C30")),
        (TEXT, TEXT.index("C10")),
        (TEXT, START - 60),
        (TEXT, START + 40),
        (TEXT.replace("foo(x, 19)", "bar(x, 19)"), START),
        (TEXT.replace("foo(x, 21)", "bar(x, 21)"), START),
        ("", 0),
    ],
)
def test_a_jump_or_an_edit_beside_the_cursor_makes_a_new_context(text: str, offset: int) -> None:
    session = new_session()
    session.context(Cursor(TEXT, START), OPTIONS)
    context, is_new = session.context(Cursor(text, offset), OPTIONS)
    assert is_new
    assert_is_of(context, Cursor(text, offset))
    assert session.context(Cursor(text, offset), OPTIONS) == (context, False)


@pytest.mark.parametrize("line", ["x = 1\n", "total = circle.area(x, y, z) + foo(bar)[1]\n"])
def test_a_long_burst_makes_a_new_context_at_last(line: str) -> None:
    session, cursor = new_session(), Cursor(TEXT[:START] + "\n" + TEXT[START:], START)
    session.context(cursor, OPTIONS)
    n_new = 0
    for after in typed(cursor, line * 40):
        context, is_new = session.context(after, OPTIONS)
        assert_is_of(context, after)
        n_new += is_new
    assert 1 <= n_new <= 40


def test_keeping_a_context_that_was_made_ahead_of_time() -> None:
    session = new_session()
    session.context(Cursor(TEXT, START), OPTIONS)
    later = Cursor(TEXT[:START] + "x = 1\n        " + TEXT[START:], START + 14)
    fresh = session.fresh(later, OPTIONS)
    kept, _ = session.context(later, OPTIONS)
    assert far_sides(kept) != far_sides(fresh)
    session.keep(fresh, later)
    assert session.context(later, OPTIONS) == (fresh, False)


def test_a_one_off_leaves_nothing_for_what_is_typed_later() -> None:
    one_off = DocumentSession(count_tokens, CONTEXT_LENGTH, is_one_off=True)
    assert one_off.budget(OPTIONS).prefix_tokens > new_session().budget(OPTIONS).prefix_tokens
    assert_is_of(one_off.fresh(Cursor(TEXT, START), OPTIONS), Cursor(TEXT, START))


RELATED = "def foo(x: int, y: int) -> int: ...\nclass Bar: ...\n"


@pytest.mark.parametrize("marked", ["|", "x = |", "import os\nx = |\n", "LONG"])
def test_related_lines_stand_at_the_top_and_count(marked: str) -> None:
    text, offset = (TEXT, START) if marked == "LONG" else (marked.replace("|", ""), marked.index("|"))
    options = CompletionOptions(max_tokens=16, related=RELATED)
    context = new_session().fresh(Cursor(text, offset), options)
    assert context.prefix.startswith(RELATED.rstrip("\n") + "\n")
    assert context.far_prefix_end >= context.lead_length >= len(RELATED) - 1
    assert_is_of(context, Cursor(text, offset))


def test_related_lines_that_leave_too_little_room_are_left_out() -> None:
    context = new_session().fresh(Cursor(TEXT, START), CompletionOptions(max_tokens=16, related=RELATED * 20))
    assert "Bar" not in context.prefix


def test_other_related_lines_wait_for_a_new_context() -> None:
    session, cursor = new_session(), Cursor(TEXT, START)
    first, _ = session.context(cursor, OPTIONS)
    changed = CompletionOptions(max_tokens=16, related=RELATED)
    assert session.context(cursor, changed) == (first, False)
    session.keep(session.fresh(cursor, changed), cursor)
    assert session.context(cursor, changed)[0].prefix.startswith(RELATED.rstrip("\n"))


def test_rows_that_no_longer_fit_make_a_new_context() -> None:
    session, options, typed, is_new = new_session(), CompletionOptions(max_tokens=64), "", False
    session.context(Cursor(TEXT, START), options)
    while not is_new:
        typed += "y, "
        kept, is_new = session.context(Cursor(TEXT[:START] + typed + TEXT[START:], START + len(typed)), options)
        far = count_tokens(kept.suffix[kept.far_suffix_start :])
        assert count_tokens(kept.prefix) + far + LEAST_TO_WRITE <= CONTEXT_LENGTH
        assert len(typed) < 10 * CONTEXT_LENGTH


PIECES = ["x", "foo", "(", ")", "\n", "\n    ", "\n}", '"', " = ", "<<<", "class C:\n    pass\n", "漢", "😀", "\t"]
EDITS = st.lists(st.tuples(st.integers(-80, 80) | st.just(0), st.integers(0, 6), st.sampled_from(PIECES)), max_size=25)


@settings(max_examples=60)
@given(EDITS, st.integers(0, len(TEXT)), st.sampled_from([TEXT, "", "x = (\n" * 9, "y" * 3000]))
def test_after_any_edits_it_is_a_context_of_the_text(edits: list[tuple[int, int, str]], start: int, text: str) -> None:
    session, offset = new_session(), min(start, len(text))
    for move, cut, piece in edits:
        offset = max(0, min(len(text), offset + move))
        text = text[: max(0, offset - cut)] + piece + text[offset:]
        offset = max(0, offset - cut) + len(piece)
        context, _ = session.context(Cursor(text, offset), OPTIONS)
        assert_is_of(context, Cursor(text, offset))


def n_tokens(context: Context) -> int:
    return count_tokens(context.prefix) + count_tokens(context.suffix)


def test_a_first_context_is_short_where_someone_would_wait_for_more() -> None:
    """Until the typist rests: what is read ahead is as long as ever, and replaces it."""
    session, whole = DocumentSession(count_tokens, CONTEXT_LENGTH, first_tokens=80), new_session()
    cursor = Cursor(TEXT, START)
    first, is_fresh = session.context(cursor, OPTIONS)
    assert is_fresh
    assert 40 < n_tokens(first) <= 80
    assert_is_of(first, cursor)
    assert session.context(cursor, OPTIONS) == (first, False)
    ahead = session.fresh(cursor, OPTIONS)
    assert ahead == whole.context(cursor, OPTIONS)[0]
    session.keep(ahead, cursor)
    assert session.context(cursor, OPTIONS) == (ahead, False)
    elsewhere = Cursor(TEXT, 60)
    assert session.context(elsewhere, OPTIONS)[0] == whole.context(elsewhere, OPTIONS)[0], "caches are warm by now"


def test_what_was_read_ahead_before_the_first_request_is_used() -> None:
    session = DocumentSession(count_tokens, CONTEXT_LENGTH, first_tokens=80)
    cursor = Cursor(TEXT, START)
    session.keep(ahead := session.fresh(cursor, OPTIONS), cursor)
    assert session.context(cursor, OPTIONS) == (ahead, False)


def test_a_one_off_reads_all_there_is_room_for() -> None:
    cursor = Cursor(TEXT, START)
    short, whole = (
        DocumentSession(count_tokens, CONTEXT_LENGTH, is_one_off=True, first_tokens=most).context(cursor, OPTIONS)
        for most in (80, 9999)
    )
    assert short == whole
