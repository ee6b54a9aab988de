"""Medians with their spread, and ratios of what was measured side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MIN_QUIET = 3
"""With fewer quiet bursts than these, all of them count, and the report says so."""
QUIET_CORES = 0.15
"""A burst is quiet when other processes had less of the processor than so many cores meanwhile."""


@dataclass(frozen=True)
class Burst:
    """A contestant's turn in one round: the same thing timed over and over."""

    ms: list[float]
    """Milliseconds of each repeat."""
    foreign_cores: float
    """Cores that processes which are no part of the benchmark kept busy meanwhile; nan where it cannot be told."""

    @property
    def median(self) -> float:
        """Median of the repeats, in milliseconds."""
        return float(np.median(self.ms))


@dataclass(frozen=True)
class Spread:
    """A median and where four fifths of the values lie."""

    median: float
    p10: float
    p90: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        p10, median, p90 = np.percentile(np.asarray(values, dtype=np.float64), [10, 50, 90])
        return cls(float(median), float(p10), float(p90))

    def __format__(self, spec: str) -> str:
        return f"{self.median:{spec}} ({self.p10:{spec}} to {self.p90:{spec}})"


def quiet_rounds(*contestants: Sequence[Burst]) -> list[int]:
    """Rounds in which all of the contestants' bursts were quiet; all rounds if those are too few.

    What counts is only what others did meanwhile, never how fast a burst was.
    """
    rounds = range(min(map(len, contestants)))
    quiet = [i for i in rounds if not any(bursts[i].foreign_cores > QUIET_CORES for bursts in contestants)]
    return quiet if len(quiet) >= MIN_QUIET else list(rounds)


def spread(bursts: Sequence[Burst]) -> Spread:
    """The spread of all repeats of the rounds that count, in milliseconds."""
    return Spread.of([ms for i in quiet_rounds(bursts) for ms in bursts[i].ms])


def ratio(slow: Sequence[Burst], fast: Sequence[Burst]) -> Spread:
    """How many times longer `slow` took than `fast`, round by round, over the rounds that count."""
    return Spread.of([slow[i].median / fast[i].median for i in quiet_rounds(slow, fast)])
