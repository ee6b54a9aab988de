"""How long other middles are looked for, once the greedy ones are known."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from mim_lsp.engine.branches import Branch
from mim_lsp.engine.found import Found
from mim_lsp.engine.types import DecodeSettings

MOST_PASSES = 58
"""Passes that a request may have taken when one more middle is looked for that was not asked for: in the middle, five
decodes beside the first."""
CHEAP_WEIGHTS = 1_500_000_000
"""Weights that may be read for them, pass by pass: with 26 million parameters as many passes as `MOST_PASSES`, with 60
million two decodes more, with 110 million none. Not a time: an answer must not depend on how busy the machine is."""
TRIES_PER_ALTERNATIVE = 2
"""Each is a decode, and some come to what is known already."""


@dataclass(frozen=True)
class SearchLimits:
    """What the search for alternatives may cost."""

    settings: DecodeSettings
    n_parameters: int
    steps_of_one: int
    """Passes that the first decode took, scoring included."""
    began: float = 0.0
    """When it began, in `time.perf_counter()` seconds."""

    def allow(self, branch: Branch, found: Sequence[Found], n_tries: int, steps: int) -> bool:
        """Whether a decode along `branch` is worth it, after `n_tries` that took `steps` passes and led to `found`."""
        wanted, most = self.settings.candidates, self.settings.compare
        if len(found) < wanted and n_tries < TRIES_PER_ALTERNATIVE * (wanted - 1):
            return True
        # Where the greedy decode came to no end within the budget, others mostly do not either.
        if not 0 < len(found) < most or n_tries >= TRIES_PER_ALTERNATIVE * (most - 1):
            return False
        # What begins less likely than the best is as a whole cannot end likelier: each token takes from it.
        passes = steps + self.steps_of_one
        is_cheap = passes <= MOST_PASSES and passes * self.n_parameters <= CHEAP_WEIGHTS
        return is_cheap and branch.log_prob >= best_total(found) and self._in_time(n_tries)

    def _in_time(self, n_tries: int) -> bool:
        """Whether one more decode is over in time, if it takes as long as those so far on average."""
        if self.settings.compare_ms is None:
            return True
        spent_ms = 1000 * (time.perf_counter() - self.began)
        return spent_ms + spent_ms / (n_tries + 1) <= self.settings.compare_ms


def rank(one: Found) -> tuple[bool, float]:
    """What both models think of a middle: the sum of log-probabilities, which ranks better than their mean.

    One that was cut has been judged by the forward direction alone, and comes behind all that both have judged.
    """
    return not one.middle.is_cut, one.score.total


def best_total(found: Sequence[Found]) -> float:
    """What both models think of the best that was not cut."""
    return max((one.score.total for one in found if not one.middle.is_cut), default=-math.inf)
