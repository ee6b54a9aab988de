"""What the engine asks of whatever runs the weights. A runtime knows token ids, never text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

LogProbs = npt.NDArray[np.float32]
"""Natural logarithms of probabilities."""


@dataclass(frozen=True)
class Feed:
    """Tokens to append to one row in a pass."""

    row: int
    """A row that `Runtime.open_row` returned."""
    ids: Sequence[int]
    """At least one token id."""
    outputs: int = 1
    """For how many of the last of these tokens the distribution of the next token is wanted."""


class Runtime(Protocol):
    """Weights, and a key-value cache for each open row. Not thread-safe."""

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        ...

    @property
    def context_length(self) -> int:
        """Longest row that the model was trained on, in tokens."""
        ...

    def open_row(self) -> int:
        """A new, empty row."""
        ...

    def close_row(self, row: int) -> None:
        """Free a row's cache."""
        ...

    def truncate(self, row: int, length: int) -> None:
        """Forget all but the first `length` tokens of a row; `length` is at most what the row holds."""
        ...

    def step(self, feeds: Sequence[Feed]) -> list[LogProbs]:
        """Append tokens to several different rows in one pass over the weights.

        Returns:
            For each feed (outputs, vocab_size): the log-probabilities of what follows its last `outputs` tokens.
        """
        ...
