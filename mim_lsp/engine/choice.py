"""How the next token is chosen."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from mim_lsp.engine.next_tokens import NextTokens


class Choice(Protocol):
    """A rule that picks one of the tokens that may come next."""

    def __call__(self, possible: NextTokens) -> int:
        """The chosen id."""
        ...


def greedy(possible: NextTokens) -> int:
    """The most probable token."""
    return possible.best()


class Nucleus:
    """Samples at a temperature from the fewest tokens that hold `top_p` of the mass (Holtzman et al. 2020)."""

    def __init__(self, temperature: float, top_p: float, seed: int) -> None:
        self.temperature, self.top_p = max(temperature, 1e-3), top_p
        self._rng = np.random.default_rng(seed)

    def __call__(self, possible: NextTokens) -> int:
        """A sampled id."""
        ids, log_probs = possible.spread()
        p = np.exp((log_probs - log_probs.max()) / self.temperature)
        p /= p.sum()
        # Those below a share of 1 - top_p hold less than it together, so none is kept: most need no sorting.
        likely = np.flatnonzero(p >= (1 - self.top_p) / len(p))
        order = likely[np.argsort(-p[likely], kind="stable")]
        kept = order[: int(np.searchsorted(np.cumsum(p[order]), self.top_p)) + 1]
        return int(ids[self._rng.choice(kept, p=p[kept] / p[kept].sum())])
