"""The wait before a completion: none for a model that keeps up, a pause of the typist's own for one that does not."""

from __future__ import annotations

import pytest

from mim_lsp.completion.debounce import COMPARING, FIRST_GAP_MS, MAX_DELAY_MS, PAUSE, SPARE, Debounce


def typist(gap_ms: float, keys: int = 20, latency_ms: float | None = None) -> Debounce:
    debounce = Debounce()
    for number in range(keys):
        debounce.key(1000 + number * gap_ms)
    if latency_ms is not None:
        debounce.answered(latency_ms)
    return debounce


@pytest.mark.parametrize("latency_ms", [None, 0, 30, 80])
def test_a_model_that_keeps_up_is_asked_at_once(latency_ms: float | None) -> None:
    assert typist(120, latency_ms=latency_ms).delay_ms("a") == 0


def test_a_slow_model_is_asked_in_a_pause() -> None:
    assert typist(120, latency_ms=300).delay_ms("a") == PAUSE * 120


def test_the_wait_is_shorter_between_words() -> None:
    debounce = typist(120, latency_ms=300)
    assert 0 < debounce.delay_ms("(") < debounce.delay_ms("a")
    assert debounce.delay_ms("") == debounce.delay_ms("(")


def test_the_wait_is_bounded() -> None:
    assert typist(399, latency_ms=5000).delay_ms("a") == MAX_DELAY_MS


def test_long_gaps_are_pauses_and_not_typing() -> None:
    assert typist(2000).usual_gap_ms == FIRST_GAP_MS
    assert typist(100, keys=3).usual_gap_ms == FIRST_GAP_MS


def test_one_slow_answer_among_fast_ones_does_not_count() -> None:
    debounce = typist(120)
    for latency in (20, 20, 900, 20, 20):
        debounce.answered(latency)
    assert debounce.delay_ms("a") == 0


def test_texts_are_compared_as_long_as_the_rhythm_leaves_time() -> None:
    assert typist(200).compare_ms == COMPARING * 200
    assert typist(200, latency_ms=COMPARING * 200).delay_ms("a") == 0, "what ends in this time is in time"
    assert typist(100, keys=3).compare_ms is None, "nobody types"
    assert COMPARING < SPARE
