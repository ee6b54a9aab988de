"""Which tokens may come next, and how probable each of them is."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, replace

from mim_lsp.engine.memory import NOTHING, Recalled
from mim_lsp.runtime.protocol import NO_TOKEN, Distribution

_LARGEST = 1 - 1e-6
"""Probability of <eom>: what remains for all text is not known better, of float32."""


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
    recalled: Recalled = NOTHING
    """What a memory says of the tokens other than <eom>; its probabilities are parts of all of theirs."""

    @classmethod
    def among(cls, distribution: Distribution, ids: array[int]) -> NextTokens:
        """Some tokens, given that it is one of them."""
        return cls(distribution, 0, ids, log_total=distribution.log_total(ids))

    @classmethod
    def without_end(cls, distribution: Distribution, n_texts: int, eom: int) -> NextTokens:
        """Any text, given that it is not <eom>, of which a model has learned nothing where it cannot be."""
        return cls(distribution, n_texts, log_total=_log_1_minus(distribution.log_prob(eom)))

    @classmethod
    def with_end(cls, distribution: Distribution, n_texts: int, eom: int, end_bias: float) -> NextTokens:
        """Any text, and <eom> with `end_bias` nats added to its log-odds."""
        end = distribution.log_prob(eom)
        # Rounding may make a probability larger than one.
        log_total = math.log1p(min(1.0, math.exp(end)) * math.expm1(end_bias))
        return cls(distribution, n_texts, None, eom, end + end_bias, log_total)

    def mixed_with(self, recalled: Recalled) -> NextTokens:
        """The same with a memory's say in which token it is.

        Whether the middle ends is the network's to say; the memory knows how a text goes on.
        """
        p_text = 1.0 if self.eom is None else -math.expm1(min(0.0, self.eom_log_prob - self.log_total))
        return replace(self, recalled=recalled.times(p_text))

    @property
    def certainty(self) -> float:
        """The network's largest probability of a token that is not <eom>."""
        best = self._best_text(NO_TOKEN)
        if best == NO_TOKEN:
            return 0.0
        p_text = self.log_total if self.eom is None else _log_1_minus(self.distribution.log_prob(self.eom))
        return math.exp(min(0.0, self.distribution.log_prob(best) - p_text))

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
        if token == self.eom:
            return self.eom_log_prob - self.log_total
        return self.recalled.log_prob(token, self.distribution.log_prob(token) - self.log_total)

    def _best(self, without: int) -> int:
        best = self._best_mixed(without)
        if self.eom is None or self.eom == without:
            return best
        is_end = best == NO_TOKEN or self.log_prob(self.eom) > self.log_prob(best)
        return self.eom if is_end else best

    def _best_mixed(self, without: int) -> int:
        """The best token but for <eom>. Only what a memory raises by more can overtake the network's own best."""
        best, by_memory = self._best_text(without), self.recalled.probabilities
        least = by_memory.get(best, 0.0)
        raised = [token for token, p in by_memory.items() if p > least and token != without]
        return max(sorted({best, *raised}), key=self.log_prob) if raised else best

    def _best_text(self, without: int) -> int:
        """The network's best token but for <eom>."""
        if self.ids is None:
            return self.distribution.best_below(self.n_texts, without)
        return self.distribution.best_of(self.ids, without)


def _log_1_minus(log_p: float) -> float:
    """log(1 - p), of a p that may have been rounded up to 1."""
    return math.log1p(-min(_LARGEST, math.exp(log_p)))
