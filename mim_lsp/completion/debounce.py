"""How long to wait before a completion is begun, and how long to look for a better one, from the rhythm of the keys.

A model that answers before the next key comes is asked at once, and compares as many texts as it can by then. A slower
one would be asked for texts that are gone before it answers, so it is asked when the typist pauses: a gap longer than
usual. The wait is shorter where people tend to stop and look, behind a word or at the end of a line.
"""

from __future__ import annotations

from collections import deque
from statistics import median

MAX_DELAY_MS = 400.0
"""Longest wait, and longest gap between two keys that counts as typing."""
FIRST_GAP_MS = 180.0
"""Gap between two keys that is assumed of a typist of whom little is known: about 65 words a minute."""
PAUSE = 1.3
"""A gap so many times the usual one is taken for a pause."""
BETWEEN_WORDS = 0.5
"""Share of the wait where the last character typed belongs to no word."""
SPARE = 0.8
"""Share of the usual gap in which an answer must come to count as being in time."""
COMPARING = 0.5
"""Share of the usual gap after which no more texts are compared: what is left takes the answer to the editor."""
REMEMBERED = 40
"""Gaps, and answers, that count."""
NEEDED = 5
"""Gaps needed before they are believed."""


class Debounce:
    """Watches the keys and the answers of one user, and tells how long to wait. Times are in milliseconds."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=REMEMBERED)
        self._latencies: deque[float] = deque(maxlen=REMEMBERED // 2)
        self._last_key_ms: float | None = None

    def key(self, now_ms: float) -> None:
        """A key was pressed at `now_ms`, on any steady clock."""
        gap = None if self._last_key_ms is None else now_ms - self._last_key_ms
        self._last_key_ms = now_ms
        if gap is not None and 0 < gap <= MAX_DELAY_MS:
            self._gaps.append(gap)

    def answered(self, latency_ms: float) -> None:
        """The model took `latency_ms` from being asked to its answer."""
        self._latencies.append(latency_ms)

    @property
    def usual_gap_ms(self) -> float:
        """The typist's usual gap between two keys."""
        return median(self._gaps) if len(self._gaps) >= NEEDED else FIRST_GAP_MS

    @property
    def usual_latency_ms(self) -> float:
        """The model's usual time for an answer; 0 as long as it has given none."""
        return median(self._latencies) if self._latencies else 0.0

    @property
    def compare_ms(self) -> float | None:
        """How long texts may be compared before an answer is due; None as long as little is known of the typist."""
        return COMPARING * self.usual_gap_ms if len(self._gaps) >= NEEDED else None

    def delay_ms(self, last_character: str) -> float:
        """How long to wait behind `last_character`, the one before the cursor (empty at the start of a text)."""
        gap = self.usual_gap_ms
        if self.usual_latency_ms <= SPARE * gap:
            return 0.0
        in_word = last_character.isalnum() or last_character == "_"
        return min(MAX_DELAY_MS, PAUSE * gap * (1.0 if in_word else BETWEEN_WORDS))
