"""Where the two sides meet (paper Sec. 3.2.1): the newest n-gram of one occurs in what the other has written."""

from __future__ import annotations

from typing import NamedTuple


class Meet(NamedTuple):
    """A candidate join of both sides."""

    forward_tokens: int
    """How many of the forward side's tokens the join keeps."""
    backward_tokens: int
    """How many of the backward side's tokens follow them; those lie nearest to the suffix."""


def find_meets(forward: list[int], backward: list[int], n: int) -> list[Meet]:
    """Candidate joins of what the sides have written, those that keep most tokens first.

    Args:
        forward: the forward side's tokens in text order.
        backward: the backward side's tokens in its own order, the one next to the suffix first.
        n: tokens that must coincide.
    """
    if len(forward) < n or len(backward) < n:
        return []
    # Each side's newest tokens, as the other one would have written them.
    newest_forward, newest_backward = forward[: -n - 1 : -1], backward[: -n - 1 : -1]
    meets = {Meet(len(forward), at) for at in _occurrences(newest_forward, backward)}
    meets |= {Meet(at + n, len(backward) - n) for at in _occurrences(newest_backward, forward)}
    return sorted(meets, key=lambda meet: -sum(meet))


def _occurrences(ngram: list[int], tokens: list[int]) -> list[int]:
    """Where `ngram` stands in `tokens`."""
    first, n = ngram[0], len(ngram)
    if first not in tokens:
        return []
    return [i for i, token in enumerate(tokens) if token == first and tokens[i : i + n] == ngram]
