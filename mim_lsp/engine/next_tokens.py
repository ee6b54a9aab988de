"""Which tokens may come next, and how probable each of them is."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

from mim_lsp.runtime.protocol import NO_TOKEN, Distribution


@dataclass(frozen=True, slots=True)
class NextTokens:
    """Tokens that are possible in one place, over a runtime's distribution.

    It looks at that distribution without a copy of it: a step of the decode loop costs one search for the maximum.
    """

    distribution: Distribution
    n_texts: int
    """The tokens 0 to n_texts - 1 are possible,"""
    ids: array[int] | None = None
    """or instead of them these, ascending."""
    eom: int | None = None
    """The id of <eom>, where it is possible."""
    eom_log_prob: float = 0.0
    log_total: float = 0.0
    """Of all these probabilities, <eom>'s included: what is left to be subtracted from each."""

    @classmethod
    def among(cls, distribution: Distribution, ids: array[int]) -> NextTokens:
        """Some tokens, given that it is one of them."""
        return cls(distribution, 0, ids, log_total=distribution.log_total(ids))

    @classmethod
    def with_end(cls, distribution: Distribution, n_texts: int, eom: int, end_bias: float) -> NextTokens:
        """Any text, and <eom> with `end_bias` nats added to its log-odds."""
        end = distribution.log_prob(eom)
        # Rounding may make a probability larger than one.
        log_total = math.log1p(min(1.0, math.exp(end)) * math.expm1(end_bias))
        return cls(distribution, n_texts, None, eom, end + end_bias, log_total)

    def best(self) -> int:
        """The most probable token, the first of equals."""
        return self._best(NO_TOKEN)

    def second_best(self) -> int | None:
        """The most probable token but for `best()`; None if there is only one."""
        best = self.best()
        second = self._best(best)
        return second if second != NO_TOKEN and self.log_prob(second) > -math.inf else None

    def log_prob(self, token: int) -> float:
        """The log-probability of one of the tokens."""
        value = self.eom_log_prob if token == self.eom else self.distribution.log_prob(token)
        return value - self.log_total

    def _best(self, without: int) -> int:
        if self.ids is None:
            best = self.distribution.best_below(self.n_texts, without)
        else:
            best = self.distribution.best_of(self.ids, without)
        if self.eom is None or self.eom == without:
            return best
        is_end = best == NO_TOKEN or self.eom_log_prob > self.distribution.log_prob(best)
        return self.eom if is_end else best
