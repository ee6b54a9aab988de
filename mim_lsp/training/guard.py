"""Decides which steps are taken: one whose gradient is no number, or far larger than the usual one, is skipped.

A single such step would be carried on by the optimizers' averages for a long time. What is usual is the median of the
last gradients that were taken; a run keeps them in its checkpoint, so that a resumed one decides alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from mim_lsp.errors import SettingsError

USUAL_STEPS = 100
"""Gradients that tell what is usual."""
LEAST_STEPS = 20
"""Gradients without which nothing is called unusual."""
MOST_SPIKES = 5
"""In a row: after so many, the large gradient is the usual one."""
MOST_FAILURES = 20
"""In a row, of gradients that are no numbers: after so many the run is given up."""


@dataclass
class Guard:
    """What a run remembers of its gradients."""

    norms: list[float] = field(default_factory=list)
    """Of the last steps that were taken."""
    spikes: int = 0
    """Skipped in a row for being too large."""
    failures: int = 0
    """Skipped in a row for being no number."""
    skipped: int = 0
    """Skipped in all."""

    def refusal(self, norm: float, factor: float) -> str | None:
        """Why a step with this norm of the gradient is to be skipped; None if it is to be taken.

        Args:
            norm: before clipping.
            factor: how many times the usual norm is too large; 0 if none is.

        Raises:
            SettingsError: there have been `MOST_FAILURES` in a row that were no numbers.
        """
        reason = self._reason(norm, factor)
        if reason is None:
            self.norms = [*self.norms[1 - USUAL_STEPS :], norm]
            self.spikes = self.failures = 0
        else:
            self.skipped += 1
        return reason

    def _reason(self, norm: float, factor: float) -> str | None:
        if not math.isfinite(norm):
            self.failures += 1
            if self.failures >= MOST_FAILURES:
                raise SettingsError(
                    f"the gradient was no number {MOST_FAILURES} times in a row. Go on from the last checkpoint with "
                    "smaller steps: --resume --lr-scale 0.5."
                )
            return f"gradient norm is {norm}"
        if factor and len(self.norms) >= LEAST_STEPS and norm > factor * usual(self.norms):
            self.spikes += 1
            if self.spikes <= MOST_SPIKES:
                return f"gradient norm {norm:.3g} is {norm / usual(self.norms):.0f} times the usual"
            self.norms = []
        return None


def usual(norms: Sequence[float]) -> float:
    """The norm that is usual."""
    return median(norms)
