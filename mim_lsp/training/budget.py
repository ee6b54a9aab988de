"""How long a run is, and how often it does what costs time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from mim_lsp.errors import SettingsError
from mim_lsp.training.checkpoint import Progress


@dataclass(frozen=True)
class Budget:
    """When a run ends: after so many minutes of training, or after so many steps. Exactly one is set.

    Raises:
        SettingsError: nothing can be done in the budget.
    """

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        assert (self.minutes is None) != (self.steps is None)
        if (self.minutes or self.steps or 0) <= 0:
            raise SettingsError("a run needs a positive number of minutes or steps.")

    def share_used(self, progress: Progress) -> float:
        """How much of the budget is gone, from 0 to 1 and more."""
        if self.steps is not None:
            return progress.step / self.steps
        assert self.minutes is not None
        return progress.seconds / (60 * self.minutes)

    def seconds_left(self, progress: Progress) -> float:
        """How long the rest takes, if it goes on as it went; NaN at the beginning."""
        share = self.share_used(progress)
        return progress.seconds * max(0.0, 1 - share) / share if share else math.nan


@dataclass(frozen=True)
class Intervals:
    """How often the loop does what costs time."""

    log_steps: int = 10
    checkpoint_seconds: float = 120
    heldout_seconds: float = 300


class Every:
    """True once per so many seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._last = clock()

    def __call__(self) -> bool:
        """Whether the time has come again."""
        now = self._clock()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
