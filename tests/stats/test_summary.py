from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.stats.summary import Latency, summarize

DAY = 86_400


def answer(t: float = 0, ms: float = 10, source: str = "engine", reason: str | None = None) -> dict[str, Any]:
    return {"t": t, "e": "answer", "ms": ms, "from": source, "reason": reason, "chars": 5, "lang": "python"}


def event(kind: str, id: str, chars: int = 10, t: float = 0) -> dict[str, Any]:
    return {"t": t, "e": kind, "id": id, "chars": chars, "lang": "python"}


def test_nothing_recorded_is_no_share_of_anything() -> None:
    summary = summarize([])
    assert (summary.days, summary.answers, summary.shown) == (0, 0, 0)
    assert (summary.acceptance, summary.cache_hit_share) == (None, None)
    assert (summary.latency, summary.silence) == ({}, {})


def test_acceptance_is_what_was_taken_of_what_was_shown() -> None:
    summary = summarize(
        [
            *(event("shown", id) for id in "abcd"),
            event("accepted", "a", 10),
            event("partly", "b", 3),
            event("partly", "b", 7),
        ]
    )
    assert (summary.shown, summary.accepted, summary.partly_accepted) == (4, 1, 1)
    assert summary.acceptance == 0.5
    assert summary.accepted_characters == 17


def test_a_suggestion_counts_once_however_often_it_is_reported() -> None:
    summary = summarize(
        [
            event("shown", "a"),
            event("shown", "a"),
            event("partly", "a", 4),
            event("accepted", "a"),
            event("accepted", "a"),
        ]
    )
    assert (summary.shown, summary.accepted, summary.partly_accepted, summary.accepted_characters) == (1, 1, 0, 10)


def test_without_reports_of_what_was_shown_the_offers_count() -> None:
    summary = summarize([answer(), answer(), answer(reason="blank"), event("accepted", "a")])
    assert (summary.offered, summary.shown, summary.acceptance) == (2, 2, 0.5)


def test_latency_is_told_by_source_without_superseded_and_refused_requests() -> None:
    events = [answer(ms=ms, source="engine") for ms in range(1, 101)]
    events += [answer(ms=0.5, source="cache")] * 2
    events += [answer(ms=900, reason="superseded"), answer(ms=0, source="none", reason="paused")]
    summary = summarize(events)
    assert summary.latency == {
        "all": Latency(102, 49, 95),
        "cache": Latency(2, 0.5, 0.5),
        "engine": Latency(100, 50, 95),
    }
    assert summary.cache_hit_share == pytest.approx(2 / 102, abs=1e-4)


def test_silence_is_told_by_reason_the_most_frequent_first() -> None:
    reasons = ["blank", "paused", "blank", None]
    assert list(summarize(answer(reason=reason) for reason in reasons).silence.items()) == [("blank", 2), ("paused", 1)]


def test_days_are_told_apart() -> None:
    summary = summarize([event("shown", "a"), event("shown", "b", t=DAY), event("accepted", "b", t=DAY + 1)])
    assert summary.days == 2
    assert summary.days_accepted == {"1970-01-01": (1, 0), "1970-01-02": (1, 1)}


VALUE = st.none() | st.integers(0, 9) | st.floats(0, 9) | st.text(max_size=2)
KEYS = ("e", "ms", "from", "reason", "chars", "lang", "id")
ODD = st.fixed_dictionaries({"t": st.integers(0, 10**6)}, optional=dict.fromkeys(KEYS, VALUE))
KINDS = st.sampled_from(["answer", "shown", "accepted", "partly", "new"])


@given(st.lists(st.builds(lambda event, kind: {**event, "e": kind}, ODD, KINDS)))
def test_odd_events_do_no_harm(events: list[dict[str, object]]) -> None:
    summary = summarize(events)
    assert summary.acceptance is None or 0 <= summary.acceptance <= 1
