"""Distributions as NumPy arrays: what the PyTorch runtimes give, and what whoever wants to compute with them takes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mim_lsp.runtime.protocol import NO_TOKEN, Distribution

FloatArray = npt.NDArray[np.float32]


class ArrayDistribution:
    """Implements `mim_lsp.runtime.protocol.Distribution` on an array (vocab_size,)."""

    __slots__ = ("_log_probs",)

    def __init__(self, log_probs: FloatArray) -> None:
        """Take over an array, which is not written to any more."""
        self._log_probs = log_probs

    def log_prob(self, token: int) -> float:
        """The log-probability of one token."""
        if token < 0:
            raise IndexError("there is no such token")
        return float(self._log_probs[token])

    def best_below(self, end: int, without: int = NO_TOKEN) -> int:
        """The most probable of the tokens 0 to end - 1 but for `without`, the first of equals."""
        if not 0 <= end <= len(self._log_probs):
            raise IndexError("there are fewer tokens")
        if 0 <= without < end:
            return self._best(np.arange(end), without)
        return int(self._log_probs[:end].argmax()) if end else NO_TOKEN

    def best_of(self, ids: array[int], without: int = NO_TOKEN) -> int:
        """The most probable of `ids` but for `without`, the first of equals."""
        return self._best(_checked(ids), without)

    def log_total(self, ids: array[int]) -> float:
        """The logarithm of the probability that it is one of `ids`."""
        values = self._log_probs[_checked(ids)].astype(np.float64)
        largest = values.max(initial=-np.inf)
        return float(largest if np.isneginf(largest) else largest + np.log(np.exp(values - largest).sum()))

    def floats(self) -> memoryview:
        """All log-probabilities."""
        return self._log_probs.data.toreadonly()

    def _best(self, ids: npt.NDArray[np.int_], without: int) -> int:
        others = ids[ids != without]
        return int(others[self._log_probs[others].argmax()]) if len(others) else NO_TOKEN


def distributions(log_probs: FloatArray) -> list[Distribution]:
    """The rows (n, vocab_size) of an array."""
    return [ArrayDistribution(row) for row in log_probs]


def as_array(found: Sequence[Distribution]) -> FloatArray:
    """Distributions as the rows (n, vocab_size) of an array."""
    return np.array([np.asarray(one.floats()) for one in found], dtype=np.float32)


def _checked(ids: array[int]) -> npt.NDArray[np.int_]:
    found = np.asarray(ids, dtype=np.int_)
    if len(found) and found.min() < 0:
        raise IndexError("there is no such token")
    return found
