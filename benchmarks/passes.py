"""The passes over the weights that are timed, written once for every `Runtime`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.measures import BOTH, ONE, PREFILL, VERIFY, VERIFY_BOTH
from benchmarks.shapes import SHAPES
from mim_lsp.runtime.protocol import Feed, Runtime

VERIFIED = 8
"""Tokens of a verification."""
PROMPT = 512
"""Tokens of a prefill."""
MIN_REPEATS = 3
_TEXT_IDS = SHAPES["nano"].n_text_tokens


def some_ids(n: int, seed: int = 0) -> list[int]:
    """`n` different text tokens in no order; which ones makes no difference to the speed."""
    return [(7919 * (i + seed) + 13) % _TEXT_IDS for i in range(n)]


@dataclass
class Passes:
    """A runtime with two rows of one length, to which tokens are appended and taken off again, and an empty row."""

    runtime: Runtime
    chunk: int
    """Tokens of a prompt that are read in one pass."""
    context: int = 0
    rows: tuple[int, int] = field(init=False)
    _empty_row: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows = self.runtime.open_row(), self.runtime.open_row()
        self._empty_row = self.runtime.open_row()

    def fill(self, context: int) -> None:
        """Bring both rows to `context` tokens."""
        for row in self.rows:
            self.runtime.truncate(row, 0)
            self._read(row, context)
        self.context = context

    def burst(self, measure: str, seconds: float) -> list[float]:
        """Milliseconds of each of several repeats, for about `seconds`; one more goes before them untimed.

        The first one finds processor caches that other contestants have filled.
        """
        repeat = self._repeats()[measure]
        repeat()
        times: list[float] = []
        end = time.perf_counter() + seconds
        while len(times) < MIN_REPEATS or time.perf_counter() < end:
            times.append(1000 * repeat())
        return times

    def _repeats(self) -> dict[str, Callable[[], float]]:
        """What times each measure once, in seconds, and leaves the rows as they were."""
        first, both = self.rows[:1], self.rows
        return {
            ONE: lambda: self._append(first, 1),
            BOTH: lambda: self._append(both, 1),
            VERIFY: lambda: self._append(first, VERIFIED),
            VERIFY_BOTH: lambda: self._append(both, VERIFIED),
            PREFILL: self._prefill,
        }

    def _append(self, rows: tuple[int, ...], n: int) -> float:
        """One pass over `n` tokens of each row, of which each gives a distribution."""
        feeds = [Feed(row, some_ids(n, row), outputs=n) for row in rows]
        started = time.perf_counter()
        self.runtime.step(feeds)
        elapsed = time.perf_counter() - started
        for row in rows:
            self.runtime.truncate(row, self.context)
        return elapsed

    def _prefill(self) -> float:
        started = time.perf_counter()
        self._read(self._empty_row, PROMPT)
        elapsed = time.perf_counter() - started
        self.runtime.truncate(self._empty_row, 0)
        return elapsed

    def _read(self, row: int, n: int) -> None:
        ids = some_ids(n)
        for start in range(0, n, self.chunk):
            self.runtime.step([Feed(row, ids[start : start + self.chunk])])
