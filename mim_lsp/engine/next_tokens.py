"""Which tokens may come next, and how probable each of them is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mim_lsp.runtime.protocol import LogProbs

Ids = npt.NDArray[np.int64]
"""Token ids."""

_NONE = np.float32(0.0)


@dataclass(frozen=True, slots=True)
class NextTokens:
    """Tokens that are possible in one place, over a runtime's distribution.

    It looks at that distribution without a copy of it: a step of the decode loop costs one search for the maximum.
    """

    log_probs: LogProbs
    """Of the tokens other than <eom>, (n,)."""
    ids: Ids | None = None
    """Of the same tokens, ascending; None where they are 0 to n - 1."""
    eom: int | None = None
    """The id of <eom>, where it is possible."""
    eom_log_prob: np.float32 = _NONE
    log_total: np.float32 = _NONE
    """Of all these probabilities, <eom>'s included: what is left to be subtracted from each."""

    def best(self) -> int:
        """The most probable token, the first of equals."""
        place = int(self.log_probs.argmax())
        if self.eom is not None and self.eom_log_prob > self.log_probs[place]:
            return self.eom
        return place if self.ids is None else int(self.ids[place])

    def second_best(self) -> int | None:
        """The most probable token but for `best()`; None if there is only one."""
        best = self.best()
        others = self.log_probs.copy()
        if best != self.eom:
            others[best if self.ids is None else self.ids.searchsorted(best)] = -np.inf
        place = int(others.argmax())
        if self.eom is not None and best != self.eom and self.eom_log_prob > others[place]:
            return self.eom
        return (place if self.ids is None else int(self.ids[place])) if others[place] > -np.inf else None

    def log_prob(self, token: int) -> float:
        """The log-probability of one of the tokens."""
        if token == self.eom:
            value = self.eom_log_prob
        elif self.ids is None:
            value = self.log_probs[token]
        else:
            value = self.log_probs[self.ids.searchsorted(token)]
        return float(value - self.log_total)

    def spread(self) -> tuple[Ids, npt.NDArray[np.float64]]:
        """All of the tokens, ascending, and their log-probabilities."""
        ids = np.arange(len(self.log_probs)) if self.ids is None else self.ids
        log_probs = self.log_probs.astype(np.float64)
        if self.eom is not None:
            ids, log_probs = np.append(ids, self.eom), np.append(log_probs, self.eom_log_prob)
        return ids, log_probs - self.log_total
