"""What the events say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil

from mim_lsp.stats.log import Event


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a request to its answer."""

    answers: int
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class Summary:
    """Shares are from 0 to 1; None where there was nothing to count."""

    days: int
    """Days, in UTC, with at least one event."""
    answers: int
    offered: int
    """Answers with at least one suggestion."""
    shown: int
    """Suggestions that the editor said it showed; for an editor that does not say so, those that were offered."""
    accepted: int
    """Suggestions taken as a whole."""
    partly_accepted: int
    """Suggestions of which a part was taken and never the whole."""
    acceptance: float | None
    """Taken, as a whole or partly, of those shown."""
    accepted_characters: int
    cache_hit_share: float | None
    """Answers that did not need the model, of those that offered something."""
    latency: Mapping[str, Latency]
    """Of all answers that were computed, `all`, and by where they came from; superseded requests do not count."""
    silence: Mapping[str, int]
    """Answers without a suggestion by their reason, the most frequent first."""
    languages: Mapping[str, int]
    """Answers with a suggestion by the document's language."""
    days_accepted: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By day, as YYYY-MM-DD: suggestions shown and taken."""


class _Tally:
    """Counts while reading."""

    def __init__(self) -> None:
        self.answers = 0
        self.sources: Counter[str] = Counter()
        self.silence: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.times: dict[str, list[float]] = {"all": []}
        self.shown: dict[str, str] = {}
        self.whole: dict[str, int] = {}
        self.partly: dict[str, int] = {}
        self.offered_on: Counter[str] = Counter()
        self.taken_on: dict[str, str] = {}
        self.days: set[str] = set()

    def add(self, event: Event) -> None:
        day = _day(event)
        self.days.add(day)
        kind, name = event.get("e"), str(event.get("id"))
        if kind == "answer":
            self._answer(event, day)
        elif kind == "shown":
            self.shown.setdefault(name, day)
        elif kind == "accepted":
            self.whole[name] = _whole(event.get("chars"))
            self.taken_on.setdefault(name, day)
        elif kind == "partly":
            self.partly[name] = max(self.partly.get(name, 0), _whole(event.get("chars")))
            self.taken_on.setdefault(name, day)

    def _answer(self, event: Event, day: str) -> None:
        self.answers += 1
        source, reason = str(event.get("from")), event.get("reason")
        if reason is None:
            self.sources[source] += 1
            self.offered_on[day] += 1
            self.languages[str(event.get("lang"))] += 1
        else:
            self.silence[str(reason)] += 1
        ms = event.get("ms")
        if isinstance(ms, int | float) and source != "none" and reason != "superseded":
            self.times["all"].append(float(ms))
            self.times.setdefault(source, []).append(float(ms))


def summarize(events: Iterable[Event]) -> Summary:
    """Count the events."""
    tally = _Tally()
    for event in events:
        tally.add(event)
    offered = sum(tally.sources.values())
    taken = set(tally.whole) | set(tally.partly)
    shown = len(set(tally.shown) | taken) if tally.shown else offered
    only_partly = {name: count for name, count in tally.partly.items() if name not in tally.whole}
    return Summary(
        days=len(tally.days),
        answers=tally.answers,
        offered=offered,
        shown=shown,
        accepted=len(tally.whole),
        partly_accepted=len(only_partly),
        acceptance=_share(len(taken), shown),
        accepted_characters=sum(tally.whole.values()) + sum(only_partly.values()),
        cache_hit_share=_share(tally.sources["cache"], offered),
        latency={source: _latency(times) for source, times in sorted(tally.times.items()) if times},
        silence=dict(tally.silence.most_common()),
        languages=dict(tally.languages.most_common()),
        days_accepted=_by_day(tally),
    )


def _by_day(tally: _Tally) -> dict[str, tuple[int, int]]:
    shown = Counter(tally.shown.values()) if tally.shown else tally.offered_on
    taken = Counter(tally.taken_on.values())
    return {day: (shown[day], taken[day]) for day in sorted(tally.days)}


def _day(event: Event) -> str:
    seconds = event.get("t")
    return datetime.fromtimestamp(float(seconds) if isinstance(seconds, int | float) else 0.0, UTC).date().isoformat()


def _latency(times: list[float]) -> Latency:
    ordered = sorted(times)
    return Latency(len(ordered), _percentile(ordered, 50), _percentile(ordered, 95))


def _percentile(ordered: list[float], percent: int) -> float:
    """The smallest value that at least `percent` of all do not exceed."""
    return round(ordered[max(0, ceil(len(ordered) * percent / 100) - 1)], 1)


def _share(part: int, whole: int) -> float | None:
    return round(min(1.0, part / whole), 4) if whole else None


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
