"""Where the two sides meet (paper Sec. 3.2.1): the newest n-gram of one occurs in what the other has written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Meet(NamedTuple):
    """A candidate join of both sides."""

    forward_tokens: int
    """How many of the forward side's tokens the join keeps."""
    backward_tokens: int
    """How many of the backward side's tokens follow them; those lie nearest to the suffix."""


def find_meets(forward: Sequence[int], backward: Sequence[int], n: int) -> list[Meet]:
    """Candidate joins of what the sides have written, those that keep most tokens first.

    Args:
        forward: the forward side's tokens in text order.
        backward: the backward side's tokens in its own order, the one next to the suffix first.
        n: tokens that must coincide.
    """
    if len(forward) < n or len(backward) < n:
        return []
    text = list(backward[::-1])
    newest_forward, newest_backward = list(forward[-n:]), text[:n]
    in_backward = (i for i in range(len(text) - n + 1) if text[i : i + n] == newest_forward)
    in_forward = (i for i in range(len(forward) - n + 1) if list(forward[i : i + n]) == newest_backward)
    meets = {Meet(len(forward), len(text) - i - n) for i in in_backward}
    meets |= {Meet(i + n, len(text) - n) for i in in_forward}
    return sorted(meets, key=lambda meet: -sum(meet))
