"""How the next token is chosen from a distribution."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from mim_lsp.runtime.protocol import LogProbs


class Choice(Protocol):
    """A rule that picks one token id from log-probabilities (vocab_size,), of which some may be -inf."""

    def __call__(self, log_probs: LogProbs) -> int:
        """The chosen id."""
        ...


def greedy(log_probs: LogProbs) -> int:
    """The most probable token."""
    return int(log_probs.argmax())


class Nucleus:
    """Samples at a temperature from the fewest tokens that hold `top_p` of the mass (Holtzman et al. 2020)."""

    def __init__(self, temperature: float, top_p: float, seed: int) -> None:
        self.temperature, self.top_p = max(temperature, 1e-3), top_p
        self._rng = np.random.default_rng(seed)

    def __call__(self, log_probs: LogProbs) -> int:
        """A sampled id."""
        order = np.argsort(-log_probs, kind="stable")
        scaled = log_probs[order].astype(np.float64) / self.temperature
        p: npt.NDArray[np.float64] = np.exp(scaled - scaled[0])
        p /= p.sum()
        kept = int(np.searchsorted(np.cumsum(p), self.top_p)) + 1
        return int(self._rng.choice(order[:kept], p=p[:kept] / p[:kept].sum()))
