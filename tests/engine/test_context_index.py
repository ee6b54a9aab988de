"""The index of other files, against a slow search."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.engine.context_index import DEPTH, MOST_LEVELS, MOST_PLACES, ContextIndex
from tests.engine.slow_levels import slow_levels

BORDER = "|"
TEXTS = st.lists(st.text("abc", max_size=30), max_size=4).map(lambda texts: "".join(text + BORDER for text in texts))
"""Few different tokens, so that contexts come again."""


@given(TEXTS, st.text("abc", max_size=20), st.sets(st.sampled_from("abc"), min_size=1).map("".join))
def test_levels_are_those_of_a_slow_search(text: str, context: str, allowed: str) -> None:
    found = ContextIndex(text, BORDER).levels(context, lambda each: each in allowed)
    assert found == slow_levels(text, context, allowed, longest=DEPTH, most=MOST_LEVELS)


def test_what_is_not_there_is_not_found() -> None:
    index = ContextIndex(f"abc{BORDER}", BORDER)
    assert index.levels("x") == []
    assert index.levels("") == []
    assert ContextIndex("", BORDER).levels("a") == []


def test_nothing_follows_across_a_border() -> None:
    assert ContextIndex(f"xa{BORDER}b{BORDER}", BORDER).levels("a") == []


def test_a_context_is_told_apart_only_so_far() -> None:
    long = "x" * DEPTH
    text = f"a{long}1{BORDER}b{long}2{BORDER}"
    assert ContextIndex(text, BORDER).levels(f"a{long}")[0] == (DEPTH, Counter("12"))


@pytest.mark.parametrize("size", [MOST_PLACES, 10 * MOST_PLACES, 10 * MOST_PLACES + 1])
def test_only_so_many_places_count_spread_over_all(size: int) -> None:
    text = "".join(f"{chr(1000 + i)}a{'b' if i < size // 2 else 'c'}" for i in range(size))
    ((order, counts),) = ContextIndex(text, BORDER).levels("a")
    assert order == 1
    assert MOST_PLACES / 2 < counts.total() <= MOST_PLACES
    assert abs(counts["b"] - counts["c"]) <= 1
