"""What both models think of a whole middle: to choose between the sides' candidates, and as confidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mim_lsp.engine.side import Side
from mim_lsp.engine.vocabulary import mirror
from mim_lsp.runtime.protocol import Feed, LogProbs


@dataclass(frozen=True)
class Score:
    """Log-probabilities of a middle, and of coming to its end, in both directions."""

    total: float
    """Sum over both directions' tokens, in nats."""
    confidence: float
    """Geometric mean of the tokens' probabilities, 0 to 1."""
    tokens: int
    """Tokens that the forward direction writes for it."""


def score_of(forward: Sequence[float], backward: Sequence[float]) -> Score:
    """The score from both directions' log-probabilities, token by token."""
    total = sum(forward) + sum(backward)
    return Score(total, min(1.0, math.exp(total / max(1, len(forward) + len(backward)))), len(forward))


def score_middle(
    step: Callable[[Sequence[Feed]], list[LogProbs]], sides: Sequence[Side], ahead: Sequence[LogProbs], middle: bytes
) -> Score:
    """Score `middle` (text order) in one pass.

    Args:
        step: a pass over the weights; may raise `Cancelled`.
        sides: forward and backward, which tell their prompts and known texts; their rows are cut back to the prompt.
        ahead: for each side the distribution behind its prompt.
        middle: bytes of whole characters.

    Returns:
        The score; where neither direction has anything to write, 0 nats and confidence 1.
    """
    wanted = [side.to_write(mirror(middle, side.direction), behind=len(side.task.arrival)) for side in sides]
    for side in sides:
        side.row.truncate(side.start)
    going = [i for i, ids in enumerate(wanted) if len(ids) > 1]
    feeds = [sides[i].row.feed(wanted[i][:-1], outputs=len(wanted[i]) - 1) for i in going]
    behind = dict(zip(going, step(feeds), strict=True)) if feeds else {}
    forward, backward = (
        _log_probs(side, ids, [ahead[i], *behind.get(i, [])][: len(ids)])
        for i, (side, ids) in enumerate(zip(sides, wanted, strict=True))
    )
    return score_of(forward, backward)


def _log_probs(side: Side, ids: Sequence[int], distributions: Sequence[LogProbs]) -> list[float]:
    out, text = [], b""
    for token, distribution in zip(ids, distributions, strict=True):
        out.append(side.possible(distribution, text).log_prob(token))
        text += side.vocabulary.token_bytes[token] if token != side.eom else b""
    return out
