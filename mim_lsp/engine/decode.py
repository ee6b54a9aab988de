"""The decode loop: both sides write one token a pass, until they meet and agree, or come to their own ends."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mim_lsp.engine.meet import find_meets
from mim_lsp.engine.side import Side
from mim_lsp.engine.vocabulary import mirror
from mim_lsp.runtime.protocol import Distribution, Feed

PATIENCE = 4
"""Tokens by which a side may outgrow the other's finished middle before it is given up."""


class Proposal(NamedTuple):
    """A middle that a side may be able to complete by copying."""

    middle: bytes
    """In text order."""
    author: Side | None
    """The side that came to its end, or arrived, with it; None if it joins what both have written."""


@dataclass
class Outcome:
    """What the loop came to. Middles are in text order."""

    met: bool = False
    verified: bytes | None = None
    """The middle that the forward model verified at a meet, or that had not to be verified."""
    meeting_point: int | None = None
    """Bytes of the verified middle that the forward side had written when they met."""
    forward: bytes | None = None
    """The forward side's own middle."""
    backward: bytes | None = None
    """The backward side's own middle."""
    exhausted: bool = False
    """Whether the budget ended before either side came to an end."""


@dataclass
class Decoding:
    """One run of the loop over two sides, which have seen what follows their prompts."""

    step: Callable[[Sequence[Feed]], list[Sequence[Distribution]]]
    """A pass over the weights; may raise `Cancelled`."""
    forward: Side
    backward: Side
    meet_ngram: int
    must_verify: bool = True
    """Whether a join of what both have written counts only once both have checked it."""
    deadline: float = math.inf
    """In `time.perf_counter()` seconds: no pass starts later."""
    watch: Callable[[bytes], None] = lambda _: None
    """Told, before each pass and at the end, what the forward side has written of the middle; may raise `Cancelled`."""
    outcome: Outcome = field(default_factory=Outcome)
    _tried: set[bytes] = field(default_factory=set)

    def run(self) -> Outcome:
        """Decode until done or out of budget.

        Raises:
            Cancelled: by `step` or `watch`.
        """
        for side in self._sides():
            side.begin()
        while self.outcome.verified is None:
            for side in self._sides():
                side.recall()
            self.watch(self.forward.so_far())
            self._hurry()
            proposal = next(self._proposals(), None)
            if self._is_over(proposal):
                break
            if proposal is not None:
                self._verify(proposal)
            else:
                self._pass([])
        self.watch(self.forward.so_far())
        return self._conclude()

    def _is_over(self, proposal: Proposal | None) -> bool:
        """Whether there is nothing left to do, or no time for it."""
        is_idle = proposal is None and not any(side.may_write for side in self._sides())
        return is_idle or self.forward.is_cut or time.perf_counter() >= self.deadline

    def _sides(self) -> tuple[Side, Side]:
        return self.forward, self.backward

    def _hurry(self) -> None:
        """Once a side is done, the other one has only so long."""
        for side, other in (self._sides(), self._sides()[::-1]):
            if other.middle is not None and not side.ended:
                side.hurry(other.middle[::-1], PATIENCE, len(other.written) - other.n_copied)

    def _proposals(self) -> Iterator[Proposal]:
        """What is worth a try and was not tried before: meets, then what a side has come to on its own."""
        for proposal in (*self._joins(), *self._own_ends()):
            if proposal.middle not in self._tried and (self._is_verified(proposal) or self._can_be_asked(proposal)):
                yield proposal

    def _joins(self) -> Iterator[Proposal]:
        """The middles that the sides' meets stand for."""
        stub, head = self.forward.task.stub, mirror(self.backward.task.stub, self.backward.direction)
        for meet in find_meets(self.forward.written, self.backward.written, self.meet_ngram):
            kept = self.backward.vocabulary.bytes_of(self.backward.written[: meet.backward_tokens])
            text = self.forward.vocabulary.bytes_of(self.forward.written[: meet.forward_tokens]) + kept[::-1]
            if text.startswith(stub) and text.endswith(head) and len(text) >= len(stub) + len(head):
                yield Proposal(text[len(stub) : len(text) - len(head)], None)

    def _own_ends(self) -> Iterator[Proposal]:
        """The middles of a side that came to its end, or that has arrived at known text."""
        for side in self._sides():
            own = side.middle if side.middle is not None else side.arrived_at()
            if own is not None:
                yield Proposal(mirror(own, side.direction), side)

    def _can_be_asked(self, proposal: Proposal) -> bool:
        return any(side.rest_of(mirror(proposal.middle, side.direction)) is not None for side in self._sides())

    def _is_verified(self, proposal: Proposal) -> bool:
        """Whether the forward side has written it, and so far as they go the backward side's tokens are the same."""
        if self.forward.middle != proposal.middle:
            return False
        return proposal.author is not self.forward or self.backward.middle == proposal.middle[::-1]

    def _verify(self, proposal: Proposal) -> None:
        """Feed each side, in one pass, what it would have to write for a proposal; a side that cannot reads on."""
        self._tried.add(proposal.middle)
        point = max(0, min(len(self.forward.text) - len(self.forward.task.stub), len(proposal.middle)))
        if proposal.author is None and not self.must_verify:
            self.outcome.met, self.outcome.verified, self.outcome.meeting_point = True, proposal.middle, point
            return
        asked = []
        for side in self._sides():
            own = mirror(proposal.middle, side.direction)
            rest = side.rest_of(own)
            if rest:
                asked.append((side, rest, own))
            elif rest is not None:
                side.finish(own)
        if not self._is_verified(proposal):
            self._pass(asked)
        self.outcome.met |= proposal.author is None
        if self._is_verified(proposal):
            self.outcome.met, self.outcome.verified, self.outcome.meeting_point = True, proposal.middle, point

    def _pass(self, asked: list[tuple[Side, list[int], bytes]]) -> None:
        """One pass: the sides that are asked check what they would have to write, the others read their last token."""
        being_asked = [side for side, _, _ in asked]
        reading = [side for side in self._sides() if side.may_write and side not in being_asked]
        feeds = [side.proposal_feed(rest) for side, rest, _ in asked] + [side.next_feed() for side in reading]
        results = self.step(feeds) if feeds else []
        for (side, rest, own), distributions in zip(asked, results[: len(asked)], strict=True):
            side.accept(rest, distributions, own)
        for side, distributions in zip(reading, results[len(asked) :], strict=True):
            side.see(distributions)

    def _conclude(self) -> Outcome:
        out = self.outcome
        out.forward = self.forward.middle
        if self.backward.middle is not None:
            out.backward = mirror(self.backward.middle, self.backward.direction)
        if out.verified is None and out.forward is not None and out.forward == out.backward:
            out.verified, out.met, out.meeting_point = out.forward, True, len(out.forward)
        out.exhausted = not any(side.ended for side in self._sides())
        return out
