"""How the next token is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from mim_lsp.engine.next_tokens import NextTokens


class Choice(Protocol):
    """A rule that picks one of the tokens that may come next."""

    def __call__(self, possible: NextTokens) -> int:
        """The chosen id."""
        ...


def greedy(possible: NextTokens) -> int:
    """The most probable token."""
    return possible.best()


class Forced:
    """Given tokens, and behind them the most probable ones."""

    def __init__(self, tokens: Iterable[int]) -> None:
        self._tokens = iter(tokens)

    def __call__(self, possible: NextTokens) -> int:
        """The next of the given tokens, while there is one."""
        token = next(self._tokens, None)
        return possible.best() if token is None else token
