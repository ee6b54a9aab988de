"""One direction while it writes: its tokens, its next distribution, and whether it has come to an end."""

from __future__ import annotations

import numpy as np

from mim_lsp.engine.caches import CachedRow
from mim_lsp.engine.choice import Choice
from mim_lsp.engine.task import SideTask
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.runtime.loading import Direction
from mim_lsp.runtime.protocol import Feed, LogProbs

LINE_BREAK = b"\n"


class Side:
    """A direction's decode state. Bytes and tokens are in its own reading order."""

    def __init__(
        self,
        task: SideTask,
        vocabulary: OwnVocabulary,
        row: CachedRow,
        ahead: LogProbs,
        *,
        eom: int,
        choose: Choice,
        max_tokens: int,
    ) -> None:
        self.task, self.vocabulary, self.row = task, vocabulary, row
        self.choose, self.eom, self.max_tokens = choose, eom, max_tokens
        self.start = len(row.ids)
        self.written: list[int] = []
        """Text tokens chosen so far."""
        self.text = b""
        """Their bytes; begins with (part of) the stub."""
        self.log_probs: list[float] = []
        """Log-probability of each choice, <eom> included, given that it agrees with the stub."""
        self.middle: bytes | None = None
        """The whole middle, once this side has come to its end."""
        self.stopped = False
        """Nothing more is to be written, whether or not it was a usable middle."""
        self._ahead = ahead
        self._unread: list[int] = []

    @property
    def may_write(self) -> bool:
        """Whether there is more to write and budget for it."""
        return not self.stopped and len(self.written) < self.max_tokens

    @property
    def direction(self) -> Direction:
        """Which way this side reads."""
        return self.vocabulary.direction

    def advance(self) -> None:
        """Choose the next token and see whether it ends the middle."""
        possible = self.possible(self._ahead, len(self.text))
        token = self.choose(possible)
        self._take(token, float(possible[token]))
        self._look_for_end()

    def possible(self, log_probs: LogProbs, position: int) -> LogProbs:
        """`log_probs` over what may follow `position` bytes of own text; the rest is -inf.

        That is text that agrees with the stub, and <eom> behind it, no other special token.
        """
        stub = self.task.stub[position:]
        masked = np.full_like(log_probs, -np.inf)
        if stub:
            allowed = self.vocabulary.agreeing(stub)
            masked[allowed] = log_probs[allowed] - np.logaddexp.reduce(log_probs[allowed])
            return masked
        n_text = len(self.vocabulary.token_bytes)
        masked[:n_text] = log_probs[:n_text]
        if self.task.has_end:
            masked[self.eom] = log_probs[self.eom]
        return masked

    def next_feed(self) -> Feed:
        """The token that was chosen last, to be read."""
        feed = self.row.feed(self._unread)
        self._unread = []
        return feed

    def see(self, log_probs: LogProbs) -> None:
        """Take the distribution that came of `next_feed`."""
        self._ahead = log_probs[-1]

    def rest_of(self, middle: bytes) -> list[int] | None:
        """What this side would still have to write for `middle` (own order); None if it cannot any more."""
        whole = self.task.stub + middle + (self.task.known if self.task.has_end else b"")
        if self.stopped or not whole.startswith(self.text):
            return None
        try:
            rest = self.vocabulary.encode(whole[len(self.text) :])
        except UnicodeDecodeError:
            return None
        if len(self.written) + len(rest) > self.max_tokens:
            return None
        return [*rest, self.eom] if self.task.has_end else rest

    def arrived_at(self) -> bytes | None:
        """The middle (own order), if the newest text is the known text's first tokens behind it."""
        body = self.text[len(self.task.stub) :]
        arrived = not self.stopped and self.task.arrival and body.endswith(self.task.arrival)
        return body[: -len(self.task.arrival)] if arrived else None

    def proposal_feed(self, rest: list[int]) -> Feed:
        """The last chosen token and all but the last of `rest`, to be verified in one pass."""
        return self.row.feed([*self._unread, *rest[:-1]], outputs=len(rest))

    def finish(self, middle: bytes | None) -> None:
        """Come to an end; `middle` (own order) is None when what was written is of no use."""
        self.middle, self.stopped = middle, True
        self._unread = []

    def accept(self, rest: list[int], log_probs: LogProbs, middle: bytes) -> bool:
        """Compare a proposal with this side's own choices; fast-forward to the first disagreement.

        Args:
            rest: what was proposed, at least one token.
            log_probs: (len(rest), vocab_size), the distribution at each of its places.
            middle: the middle (own order) that `rest` completes.

        Returns:
            Whether this side would have chosen all of it.
        """
        agreed = 0
        for token, distribution in zip(rest, log_probs, strict=False):
            possible = self.possible(distribution, len(self.text))
            if self.choose(possible) != token:
                break
            agreed += 1
            self._take(token, float(possible[token]))
        if agreed == len(rest):
            self.finish(middle)
            return True
        self.row.truncate(self.start + len(self.written))
        self._unread = []
        self._ahead = log_probs[agreed]
        return False

    def _take(self, token: int, log_prob: float) -> None:
        self.log_probs.append(log_prob)
        if token == self.eom:
            self.finish(self._without_known(self.text))
            return
        self.written.append(token)
        self.text += self.vocabulary.token_bytes[token]
        self._unread.append(token)

    def _look_for_end(self) -> None:
        """A side without <eom> ends by arriving at known text or by ending the line."""
        if self.stopped or self.task.has_end:
            return
        body = self.text[len(self.task.stub) :]
        if (middle := self.arrived_at()) is not None:
            self.finish(middle)
        elif LINE_BREAK in body:
            # The backward side has the line's indentation, and then its break, among the known text.
            line = body.partition(LINE_BREAK)
            whole = line[0] if self.direction is Direction.FORWARD else line[0] + line[1]
            self.finish(self._without_known(self.task.stub + whole))

    def _without_known(self, text: bytes) -> bytes | None:
        """The middle in what was written; None if the side did not arrive at the known text behind it."""
        stub, known = self.task.stub, self.task.known
        if len(text) < len(stub) + len(known) or not text.startswith(stub) or not text.endswith(known):
            return None
        return text[len(stub) : len(text) - len(known)]
