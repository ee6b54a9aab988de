"""One row of a runtime, with the books of what it holds."""

from __future__ import annotations

from collections.abc import Sequence

from mim_lsp.engine.continuation import Continuation
from mim_lsp.runtime.protocol import Distribution, Feed, Runtime

MAX_REMEMBERED = 96
"""Distributions behind a prompt that a row takes along to the next request: more than one decode of a line makes. Each
takes 4 bytes for each entry of the vocabulary."""

_COMPARED_AT_ONCE = 64


class CachedRow:
    """A row, the tokens that its cache holds, and what is known of their continuation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.handle = runtime.open_row()
        self.ids: list[int] = []
        """What the cache holds: the prompt, and what was written behind it last."""
        self._prompt_length = 0
        self._behind: Continuation | None = None

    @property
    def behind(self) -> Continuation:
        """What follows the prompt, once that has been read."""
        assert self._behind is not None
        return self._behind

    @property
    def worth(self) -> int:
        """Tokens of the prompt that the cache holds."""
        return min(len(self.ids), self._prompt_length)

    def common(self, prompt: Sequence[int]) -> int:
        """How many tokens of `prompt` the cache holds."""
        return count_common(self.ids, prompt)

    def turn_to(self, prompt: Sequence[int]) -> list[int]:
        """Make `prompt` the row's prompt; returns the end of it that is still to be read.

        That is empty if the cache holds it and what follows it is known. Tokens behind it stay, as it may be of use.
        """
        common = self.common(prompt)
        self._behind = self._behind_longer(prompt) if common >= self._prompt_length else None
        self._prompt_length = len(prompt)
        if self._behind is None:
            common = min(common, len(prompt) - 1)
        if common < len(prompt):
            self.truncate(common)
        return list(prompt[common:])

    def _behind_longer(self, prompt: Sequence[int]) -> Continuation | None:
        """What follows `prompt`, which begins with the present one, if that is known."""
        if self._behind is None:
            return None
        *_, last = places = list(self._behind.walk(prompt[self._prompt_length :]))
        return last if len(places) == len(prompt) - self._prompt_length + 1 else None

    def learn(self, distribution: Distribution) -> None:
        """Take note of what follows the prompt."""
        if self._behind is None:
            self._behind = Continuation(distribution)

    def forget_tails(self, at_most: int = 0) -> None:
        """Forget what followed tokens behind the prompt, if that is more than `at_most` distributions."""
        if self._behind is not None and len(self._behind) > at_most:
            self._behind.forget()

    def feed(self, start: int, ids: Sequence[int], outputs: int = 1) -> Feed:
        """A feed after which the row holds its first `start` tokens and then `ids`.

        Of these the last `outputs` are fed in any case, the others as far as the cache does not hold them.
        """
        common = count_common(self.ids[start : start + len(ids) - outputs], ids)
        self.truncate(start + common)
        return Feed(self.handle, ids[common:], outputs)

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        if length < len(self.ids):
            self._runtime.truncate(self.handle, length)
            del self.ids[length:]

    def close(self) -> None:
        """Free the runtime's cache."""
        self._runtime.close_row(self.handle)


def count_common(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens at the start of both are the same."""
    shorter = min(len(first), len(second))
    for start in range(0, shorter, _COMPARED_AT_ONCE):
        end = min(shorter, start + _COMPARED_AT_ONCE)
        if first[start:end] != second[start:end]:
            return next(i for i in range(start, end) if first[i] != second[i])
    return shorter
