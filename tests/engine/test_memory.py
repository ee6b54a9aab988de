import math
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.engine.context_index import ContextIndex, Levels
from mim_lsp.engine.memory import (
    LONGEST_CONTEXT,
    MOST_DRAFTED,
    MOST_LEVELS,
    MOST_PLACES,
    NOTHING,
    DocumentMemory,
    MemoryWeights,
    Recalled,
    Remembering,
    evidence,
)
from tests.engine.slow_levels import slow_levels

BORDER = "|"
WEIGHTS = MemoryWeights(constant=-1.0, order=0.5, places=0.25, purity=1.0, certainty=-0.5)
A_FEW = st.text("abc", max_size=40)
"""Few different tokens, so that contexts come again."""

Allowed = Callable[[int], bool]


def memory(near: str, far: str = "") -> DocumentMemory:
    return DocumentMemory(near, far, Remembering(WEIGHTS), BORDER)


def levels(memory: DocumentMemory, written: str, allowed: Allowed | None = None) -> Levels:
    """What the document says."""
    return memory.sources(written, allowed)[-1].levels


@given(A_FEW, A_FEW, A_FEW, st.sets(st.sampled_from("abc"), min_size=1).map("".join))
def test_levels_are_those_of_a_slow_search(near: str, far: str, written: str, allowed: str) -> None:
    found = levels(memory(near, far), written, lambda token: chr(token) in allowed)
    text, context = f"{far}{BORDER}{near}", near[-LONGEST_CONTEXT:] + written
    assert found == slow_levels(text, context, allowed, longest=LONGEST_CONTEXT, most=MOST_LEVELS)


@given(A_FEW, A_FEW, A_FEW, st.floats(0, 1))
def test_a_mixture_is_a_distribution(near: str, far: str, written: str, certainty: float) -> None:
    recalled = memory(near, far).recall(written, certainty)
    assert recalled.kept + sum(recalled.probabilities.values()) == pytest.approx(1)
    assert ord(BORDER) not in recalled.probabilities
    assert all(p > 0 for p in recalled.probabilities.values())


def test_what_followed_before_is_recalled_with_the_share_that_the_weights_give() -> None:
    recalled = memory("xab.ab").recall("", certainty=0.5)
    counts = Counter(".")
    share = WEIGHTS.share(2, counts, 0.5)
    assert share == pytest.approx(1 / (1 + math.exp(1.0 - 0.5 - 1.0 + 0.25)))
    assert evidence(2, counts, 0.5) == (1.0, 1.0, 0.0, 1.0, 0.5)
    assert recalled.kept == pytest.approx(1 - share)
    assert recalled.probabilities == {ord("."): pytest.approx(share)}


@pytest.mark.parametrize("size", [100.0, -100.0])
def test_no_weights_make_a_memory_all_or_break_it(size: float) -> None:
    recalled = DocumentMemory("ab" * 300, "", Remembering(MemoryWeights(*[size] * 5)), BORDER).recall("", certainty=1.0)
    assert recalled.kept > 0
    assert recalled.kept + sum(recalled.probabilities.values()) == pytest.approx(1)
    assert math.isfinite(recalled.log_prob(ord("z"), -1.0))


def test_longer_contexts_have_the_last_word() -> None:
    recalled = memory("xab1 yab2 zab2 xab").recall("", certainty=0.0)
    assert recalled.probabilities[ord("1")] > recalled.probabilities[ord("2")]


def test_the_far_side_is_remembered_too() -> None:
    assert ord("b") in memory("a", far="ab").recall("", 0.0).probabilities
    assert memory("a").recall("", 0.0) == NOTHING


def test_nothing_is_recalled_across_the_border() -> None:
    assert memory("b", far="ab").recall("", 0.0) == NOTHING


def test_what_was_written_is_context_but_not_memory() -> None:
    assert ord("c") in memory("abc.").recall("ab", 0.0).probabilities
    assert memory("x").recall("abcab", 0.0) == NOTHING


def test_only_so_many_places_count_the_nearest_ones() -> None:
    different = "".join(f"{chr(1000 + i)}ac" for i in range(MOST_PLACES))
    assert levels(memory(f"ab{different}.a"), "") == [(1, Counter({"c": MOST_PLACES}))]


def test_an_empty_document_recalls_nothing() -> None:
    assert memory("").recall("", 0.0) == NOTHING


def test_a_recalled_token_adds_to_what_the_network_gives_it() -> None:
    recalled = Recalled(0.75, {7: 0.25})
    assert recalled.log_prob(7, math.log(0.4)) == pytest.approx(math.log(0.75 * 0.4 + 0.25))
    assert recalled.log_prob(8, math.log(0.4)) == pytest.approx(math.log(0.75 * 0.4))
    assert recalled.times(0.5).log_prob(7, math.log(0.4)) == pytest.approx(math.log(0.75 * 0.4 + 0.125))


@pytest.mark.parametrize("near", ["a" * 5000, "ab" * 2500, "\n" * 5000])
def test_a_text_of_repeats_takes_a_bounded_number_of_places(near: str) -> None:
    assert all(counts.total() <= MOST_PLACES for _, counts in levels(memory(near, near), near[-8:]))


CERTAIN = MemoryWeights(constant=3.0, order=0.5, places=0.25, purity=1.0, certainty=-0.5)


def certain(near: str) -> DocumentMemory:
    return DocumentMemory(near, "", Remembering(CERTAIN), BORDER)


def test_a_draft_goes_on_as_the_document_did() -> None:
    assert certain("abcdef.ab").draft("", 3) == [ord("c"), ord("d"), ord("e")]
    assert certain("abcdef.ab").draft("cd", 2) == [ord("e"), ord("f")]


def test_a_draft_ends_where_the_memory_is_not_sure() -> None:
    assert certain("1abcx2abcy3ab").draft("", 8) == [ord("c")]
    doubtful = Remembering(WEIGHTS._replace(constant=-3.0))
    assert DocumentMemory("abcdef.ab", "", doubtful, BORDER).draft("", 8) == []
    assert certain("xy").draft("z", 8) == []
    assert certain("abcdef.ab").draft("", 0) == []


def test_a_draft_has_an_end() -> None:
    assert len(certain("ab" * 500).draft("", 1000)) == MOST_DRAFTED


def with_files(near: str, files: str, weights: MemoryWeights | None = WEIGHTS) -> DocumentMemory:
    return DocumentMemory(near, "", Remembering(WEIGHTS, weights), BORDER, ContextIndex(files, BORDER))


def test_other_files_are_remembered_where_the_model_knows_what_they_are_worth() -> None:
    assert ord("c") in with_files("ab", "xabc").recall("", 0.0).probabilities
    assert with_files("ab", "xabc", None).recall("", 0.0) == NOTHING


def test_the_document_has_the_last_word() -> None:
    recalled = with_files("abc.ab", "abd").recall("", 0.0)
    share = WEIGHTS.share(2, Counter("c"), 0.0)
    assert recalled.probabilities[ord("c")] == pytest.approx(share)
    assert recalled.probabilities[ord("d")] == pytest.approx((1 - share) * share)


@given(A_FEW, A_FEW, A_FEW, st.floats(0, 1))
def test_a_mixture_with_other_files_is_a_distribution(near: str, files: str, written: str, certainty: float) -> None:
    recalled = with_files(near, files).recall(written, certainty, lambda token: token != ord("b"))
    assert recalled.kept + sum(recalled.probabilities.values()) == pytest.approx(1)
    assert not recalled.probabilities.keys() & {ord("b"), ord(BORDER)}
