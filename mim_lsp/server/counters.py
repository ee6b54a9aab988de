"""What the server counts for `mim/status`: how many answers, from where, at what cost, and why there was none."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

From = Literal["cache", "engine", "flight", "none"]
"""Where an answer comes from: `flight` is a decode that was under way already, `none` that nothing was asked."""

RECENT = 100
"""Answers whose times are kept."""


@dataclass
class Counters:
    """Counts since the server started."""

    answers: int = 0
    """Requests answered, in whatever way."""
    served: int = 0
    """Requests answered with at least one suggestion."""
    cache_hits: int = 0
    """Requests answered without asking the model."""
    flight_hits: int = 0
    """Requests answered by a decode that was under way already."""
    decodes_started: int = 0
    decodes_cancelled: int = 0
    speculations: int = 0
    """Completions written ahead, for the place where the typist would be."""
    encoded_tokens: int = 0
    """Prompt tokens that requests have read."""
    refreshed_tokens: int = 0
    """Those of them that were read because the cursor was somewhere else altogether."""
    speculated_tokens: int = 0
    """Prompt tokens that completions written ahead have read."""
    warmed_tokens: int = 0
    """Prompt tokens that were read in idle time."""
    last_reason: str | None = None
    """Why the latest answer offered nothing; None if it did offer something."""
    reasons: Counter[str] = field(default_factory=Counter)
    """How often nothing was offered, by the reason."""
    dropped: Counter[str] = field(default_factory=Counter)
    """How many texts were written and not offered, by the reason."""
    latency_ms: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    """From request to answer, of the latest answers that were not superseded."""

    def answered(self, reason: str | None, source: From = "none", latency_ms: float | None = None) -> None:
        """Count one answer that gave `reason`, or suggestions if None."""
        self.answers += 1
        self.last_reason = reason
        self.cache_hits += source == "cache"
        self.flight_hits += source == "flight"
        if reason is None:
            self.served += 1
        else:
            self.reasons[reason] += 1
        if latency_ms is not None:
            self.latency_ms.append(latency_ms)
