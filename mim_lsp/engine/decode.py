"""The decode loop: both sides write one token a pass, until they meet and agree, or come to their own ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mim_lsp.engine.meet import find_meets
from mim_lsp.engine.side import Side
from mim_lsp.engine.types import DecodeSettings
from mim_lsp.engine.vocabulary import mirror
from mim_lsp.errors import Cancelled
from mim_lsp.runtime.protocol import Runtime

PATIENCE = 4
"""Tokens by which a side may outgrow the other's finished middle before it is given up."""


@dataclass
class Outcome:
    """What the loop came to. Middles are in text order."""

    steps: int = 0
    met: bool = False
    verified: bytes | None = None
    """The middle that the forward model verified at a meet."""
    meeting_point: int | None = None
    """Bytes of the verified middle that the forward side had written when they met."""
    forward: bytes | None = None
    """The forward side's own middle."""
    backward: bytes | None = None
    """The backward side's own middle."""
    partial: bytes = b""
    """What the forward side had written of an unfinished middle."""


@dataclass
class Decoding:
    """One run of the loop over two sides."""

    runtime: Runtime
    forward: Side
    backward: Side
    settings: DecodeSettings
    cancelled: Callable[[], bool]
    outcome: Outcome = field(default_factory=Outcome)

    def run(self) -> Outcome:
        """Decode until done or out of budget.

        Raises:
            Cancelled: seen between two passes.
        """
        started = time.perf_counter()
        tried: set[bytes] = set()
        while True:
            for side in self._writing():
                side.advance()
            proposal = self._proposal(tried)
            if self._done() and proposal is None:
                break
            if self.cancelled():
                raise Cancelled
            self.outcome.steps += 1
            if proposal is not None:
                self._verify(proposal)
                if self.outcome.verified is not None:
                    break
            else:
                self._read()
            if self.settings.max_ms is not None and (time.perf_counter() - started) * 1000 > self.settings.max_ms:
                break
        return self._conclude()

    def _sides(self) -> tuple[Side, Side]:
        return self.forward, self.backward

    def _writing(self) -> list[Side]:
        return [side for side in self._sides() if not side.stopped]

    def _done(self) -> bool:
        """Whether there is nothing left to read: both sides ended, or the one that has not is out of budget."""
        return not any(self._may_go_on(side, other) for side, other in (self._sides(), self._sides()[::-1]))

    def _may_go_on(self, side: Side, other: Side) -> bool:
        return side.may_write and (other.middle is None or len(side.written) < len(other.written) + PATIENCE)

    def _read(self) -> None:
        """One pass: each side that goes on reads the token that it chose."""
        pairs = (self._sides(), self._sides()[::-1])
        going = [side for side, other in pairs if self._may_go_on(side, other)]
        for side in self._writing():
            if side not in going:
                side.stopped = True
        for side, log_probs in zip(going, self.runtime.step([side.next_feed() for side in going]), strict=True):
            side.see(log_probs)

    def _proposal(self, tried: set[bytes]) -> bytes | None:
        """A middle (text order) that one side may be able to complete by copying, not tried before."""
        for middle in self._joins():
            if middle not in tried:
                tried.add(middle)
                if any(rest is not None for rest in self._rests(middle)):
                    return middle
        return None

    def _joins(self) -> list[bytes]:
        """The middles that the sides' meets stand for, and those of a side that arrived or came to its end."""
        stub, head = self.forward.task.stub, mirror(self.backward.task.stub, self.backward.direction)
        joins = []
        for meet in find_meets(self.forward.written, self.backward.written, self.settings.meet_ngram):
            kept = self.backward.vocabulary.bytes_of(self.backward.written[: meet.backward_tokens])
            text = self.forward.vocabulary.bytes_of(self.forward.written[: meet.forward_tokens]) + kept[::-1]
            if text.startswith(stub) and text.endswith(head) and len(text) >= len(stub) + len(head):
                joins.append(text[len(stub) : len(text) - len(head)])
        for side in self._sides():
            own = side.middle if side.middle is not None else side.arrived_at()
            if own is not None:
                joins.append(mirror(own, side.direction))
        return joins

    def _rests(self, middle: bytes) -> tuple[list[int] | None, list[int] | None]:
        forward, backward = (side.rest_of(mirror(middle, side.direction)) for side in self._sides())
        return forward, backward

    def _verify(self, middle: bytes) -> None:
        """Feed each side, in one pass, what it would have to write for `middle`; a side that cannot reads on."""
        self.outcome.met = True
        written = len(self.forward.text) - len(self.forward.task.stub)
        rests = dict(zip(self._sides(), self._rests(middle), strict=True))
        for side in [side for side, rest in rests.items() if rest == []]:
            side.finish(mirror(middle, side.direction))
        asked = [(side, rest) for side, rest in rests.items() if rest]
        reading = [side for side, rest in rests.items() if rest is None and side.may_write]
        feeds = [side.proposal_feed(rest) for side, rest in asked] + [side.next_feed() for side in reading]
        results = self.runtime.step(feeds) if feeds else []
        for (side, rest), log_probs in zip(asked, results[: len(asked)], strict=True):
            side.accept(rest, log_probs, mirror(middle, side.direction))
        for side, log_probs in zip(reading, results[len(asked) :], strict=True):
            side.see(log_probs)
        by_forward = self.forward.middle == middle and rests[self.forward] is not None
        if by_forward or self._both_wrote(middle):
            self.outcome.verified, self.outcome.meeting_point = middle, max(0, min(written, len(middle)))

    def _both_wrote(self, middle: bytes) -> bool:
        return all(side.middle == mirror(middle, side.direction) for side in self._sides())

    def _conclude(self) -> Outcome:
        out = self.outcome
        out.forward = self.forward.middle
        if self.backward.middle is not None:
            out.backward = mirror(self.backward.middle, self.backward.direction)
        if out.verified is None and out.forward is not None and out.forward == out.backward:
            out.verified, out.met, out.meeting_point = out.forward, True, len(out.forward)
        out.partial = self.forward.text[len(self.forward.task.stub) :]
        return out
