"""What both models think of a whole middle: to choose between the sides' candidates, and as confidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mim_lsp.engine.side import Side
from mim_lsp.engine.vocabulary import mirror
from mim_lsp.runtime.protocol import Distribution, Feed


@dataclass(frozen=True)
class Reading:
    """What one direction writes for a middle."""

    ids: tuple[int, ...] = ()
    """In own order, from the stub over the known text behind the middle to <eom> or arrival."""
    log_probs: tuple[float, ...] = ()
    """Of each of them, in nats."""

    @property
    def total(self) -> float:
        """Log-probability of all of it."""
        return sum(self.log_probs)


@dataclass(frozen=True)
class Score:
    """What both directions write for a middle; an empty reading is one that was not asked for."""

    forward: Reading
    backward: Reading

    @property
    def readings(self) -> tuple[Reading, Reading]:
        """Forward, backward."""
        return self.forward, self.backward

    @property
    def confidence(self) -> float:
        """Geometric mean of the tokens' probabilities, 0 to 1; 1 where there is nothing to write."""
        n_tokens = len(self.forward.ids) + len(self.backward.ids)
        return min(1.0, math.exp((self.forward.total + self.backward.total) / max(1, n_tokens)))

    @property
    def total(self) -> float:
        """Sum over both directions' tokens, in nats."""
        return self.forward.total + self.backward.total


def own_reading(side: Side) -> Reading:
    """What a side has written itself, and how probable it found that."""
    end = (side.eom,) if len(side.log_probs) > len(side.written) else ()
    return Reading((*side.written, *end), tuple(side.log_probs))


def score_middles(
    step: Callable[[Sequence[Feed]], list[Sequence[Distribution]]], sides: tuple[Side, Side], middles: Sequence[bytes]
) -> list[Score]:
    """Score middles (text order, whole characters) in as few passes as possible.

    What is known from decoding takes none, and one pass reads one middle in each direction.

    Args:
        step: a pass over the weights; may raise `Cancelled`.
        sides: forward and backward, which tell their prompts and known texts; their rows are cut back to the prompt.
        middles: the same middle may be among them more than once.
    """
    wanted = [[_wanted(side, middle) for middle in middles] for side in sides]
    while feeds := [feed for side, many in zip(sides, wanted, strict=True) for feed in _first_unknown(side, many)]:
        for (side, ids, feed), distributions in zip(feeds, step([feed for _, _, feed in feeds]), strict=True):
            _learn(side, ids, feed.outputs, distributions)
    forward, backward = ([_reading(side, ids) for ids in many] for side, many in zip(sides, wanted, strict=True))
    return [Score(*readings) for readings in zip(forward, backward, strict=True)]


def _wanted(side: Side, middle: bytes) -> list[int]:
    return side.to_write(mirror(middle, side.direction), behind=len(side.task.arrival))


def _first_unknown(side: Side, many: Sequence[list[int]]) -> list[tuple[Side, list[int], Feed]]:
    """A feed for the first of the texts for which a distribution is missing, if there is one."""
    for ids in many:
        missing = len(ids) - len(list(side.row.behind.walk(ids[:-1])))
        if missing > 0:
            return [(side, ids, side.row.feed(len(side.task.row), ids[:-1], missing))]
    return []


def _learn(side: Side, ids: list[int], n_missing: int, distributions: Sequence[Distribution]) -> None:
    *_, place = side.row.behind.walk(ids[: len(ids) - 1 - n_missing])
    for token, distribution in zip(ids[len(ids) - 1 - n_missing : -1], distributions, strict=True):
        place = place.learn(token, distribution)


def _reading(side: Side, ids: list[int]) -> Reading:
    log_probs, text = [], b""
    for n, (token, place) in enumerate(zip(ids, side.row.behind.walk(ids[:-1]), strict=bool(ids))):
        log_probs.append(side.possible(place.distribution, text, ids[:n]).log_prob(token))
        text += side.vocabulary.token_bytes[token] if token != side.eom else b""
    return Reading(tuple(ids), tuple(log_probs))
