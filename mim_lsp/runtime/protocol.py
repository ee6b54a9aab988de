"""What the engine asks of whatever runs the weights. A runtime knows token ids, never text."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mim_lsp.errors import Cancelled

NO_TOKEN = -1
"""An id that no token has."""


class Distribution(Protocol):
    """How probable each token id is in one place. Never changes. Log-probabilities are natural logarithms, as float32.

    The engine asks for what it needs; a runtime looks it up where it computed it. `ids` are arrays of the type "i".
    """

    def log_prob(self, token: int) -> float:
        """The log-probability of one token."""
        ...

    def best_below(self, end: int, without: int = NO_TOKEN) -> int:
        """The most probable of the tokens 0 to end - 1 but for `without`, the first of equals; else `NO_TOKEN`."""
        ...

    def best_of(self, ids: array[int], without: int = NO_TOKEN) -> int:
        """The most probable of `ids` but for `without`, the first of equals; else `NO_TOKEN`."""
        ...

    def log_total(self, ids: array[int]) -> float:
        """The logarithm of the probability that it is one of `ids`; minus infinity if there are none."""
        ...

    def floats(self) -> memoryview:
        """All log-probabilities, (vocab_size,) of the type "f", read-only."""
        ...


class CancelFlag:
    """Set by one thread to have another one give up a piece of work; once set, it stays so."""

    def __init__(self) -> None:
        self.buffer = bytearray(1)
        """0 until the flag is set. Never resized, so that native code may watch the byte without the GIL."""

    def set(self) -> None:
        """Nobody waits for the work any more."""
        self.buffer[0] = 1

    def is_set(self) -> bool:
        """Whether the work is to be given up."""
        return self.buffer[0] != 0

    def check(self) -> None:
        """Raise `Cancelled` if the flag is set."""
        if self.buffer[0]:
            raise Cancelled


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

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        """Append tokens to several different rows in one pass over the weights.

        Args:
            feeds: what to append.
            cancel: looked at before the pass, and in a long one every few milliseconds.

        Returns:
            For each feed, `outputs` distributions: of what follows each of its last `outputs` tokens.

        Raises:
            Cancelled: `cancel` was set. Every row is as it was before the call.
        """
        ...
