"""A share of a number of cases, and how far it may be off."""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.96


@dataclass(frozen=True)
class Proportion:
    """A share from 0 to 1 with Wilson's interval, in which the true share is with a probability of 95 %."""

    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.share:.1%} ({100 * self.low:.0f} to {100 * self.high:.0f})"


def proportion(hits: int, cases: int) -> Proportion:
    """The share of `hits` in `cases`; without a case it is 0, and may be anything."""
    if not cases:
        return Proportion(0.0, 0.0, 1.0)
    share = hits / cases
    middle = share + _Z**2 / (2 * cases)
    spread = _Z * math.sqrt(share * (1 - share) / cases + (_Z / (2 * cases)) ** 2)
    scale = 1 + _Z**2 / cases
    return Proportion(share, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))
