"""One direction while it writes: what it has chosen so far, and whether it has come to an end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate

from mim_lsp.engine.choice import Choice
from mim_lsp.engine.continuation import Continuation
from mim_lsp.engine.lines import as_characters
from mim_lsp.engine.memory import DocumentMemory
from mim_lsp.engine.next_tokens import NextTokens
from mim_lsp.engine.rows import CachedRow
from mim_lsp.engine.task import SideTask
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.runtime.loading import Direction
from mim_lsp.runtime.protocol import Distribution, Feed

LINE_BREAK = b"\n"


class Side:
    """A direction's decode state. Bytes and tokens are in its own reading order.

    `begin`, `recall`, `see` and `accept` choose tokens; the newest one is read with the next feed.
    """

    def __init__(
        self,
        task: SideTask,
        vocabulary: OwnVocabulary,
        row: CachedRow,
        choose: Choice,
        *,
        eom: int,
        max_tokens: int,
        max_lines: int | None = None,
        end_bias: float = 0.0,
        memory: DocumentMemory | None = None,
        may_draft: bool = True,
        known: dict[str, NextTokens] | None = None,
    ) -> None:
        """`known`: what was possible behind what sides of this direction wrote before, for the same request."""
        self.task, self.vocabulary, self.row = task, vocabulary, row
        self.choose, self.eom, self.max_tokens, self.max_lines = choose, eom, max_tokens, max_lines
        self.end_bias, self.memory, self.may_draft = end_bias, memory, may_draft
        self._known = {} if known is None else known
        self.written: list[int] = []
        """Text tokens chosen so far."""
        self.text = b""
        """Their bytes; begins with (part of) the stub."""
        self.log_probs: list[float] = []
        """Log-probability of each choice, <eom> included, given that it agrees with the stub."""
        self.middle: bytes | None = None
        """The whole middle, once this side has come to an end that is of use."""
        self.ended = False
        """Whether it has come to an end by itself; one that ran out of budget has not."""
        self.is_cut = False
        """Whether that end is `max_lines`."""
        self.n_copied = 0
        """How many of the tokens were proposed, and not written one by one."""
        self._place = row.behind
        """The distribution from which the newest token was chosen."""
        self._is_unread = False
        """Whether what follows the newest token has not been seen."""
        self._drafted: list[int] = []
        """What was read in advance in the last pass."""

    @property
    def may_write(self) -> bool:
        """Whether there is more to write and budget for it."""
        return not self.ended and len(self.written) < self.max_tokens

    @property
    def direction(self) -> Direction:
        """Which way this side reads."""
        return self.vocabulary.direction

    def possible(self, distribution: Distribution, text: bytes, ids: Sequence[int]) -> NextTokens:
        """What of `distribution` may follow `text`, own text so far, which is the tokens `ids`.

        That is what agrees with the stub. Behind the stub it is any text, and <eom>, its odds raised by `end_bias`,
        where the side has arrived at the known text that it must not leave out; no other special token.
        """
        written = as_characters(ids)
        if written not in self._known:  # alternatives share their beginnings, and what a side writes is also scored
            self._known[written] = self._possible(distribution, text, written)
        return self._known[written]

    def _possible(self, distribution: Distribution, text: bytes, written: str) -> NextTokens:
        stub, body = self.task.stub[len(text) :], text[len(self.task.stub) :]
        if stub:
            network = NextTokens.among(distribution, self.vocabulary.agreeing(stub))
        elif not (self.task.has_end and body.endswith(self.task.known)):
            network = NextTokens.without_end(distribution, self.vocabulary.n_tokens, self.eom)
        else:
            network = NextTokens.with_end(distribution, self.vocabulary.n_tokens, self.eom, self.end_bias)
        if self.memory is None:
            return network
        allowed = partial(self.vocabulary.agrees, stub) if stub else None
        return network.mixed_with(self.memory.recall(written, network.certainty, allowed))

    def begin(self) -> None:
        """Choose the first token, from what follows the prompt; nothing if this side has no budget."""
        if self.may_write:
            self._write(self._place)

    def recall(self) -> None:
        """Go on as far as it is known from earlier passes what follows."""
        while self.may_write and self._is_unread and (known := self._place.after(self.written[-1])) is not None:
            self._write(known)

    def next_feed(self) -> Feed:
        """What was chosen and has not been read, mostly the newest token, and what is drafted behind it.

        A draft is what the memory is sure of. It is read, not written: where the side then chooses the same tokens, it
        need not wait for a pass with each of them (Yang et al. 2023, "Inference with reference").
        """
        self._drafted = self._draft()
        ids = [*self.written, *self._drafted]
        return self.row.feed(len(self.task.row), ids, outputs=1 + len(self._drafted))

    def see(self, distributions: Sequence[Distribution]) -> None:
        """Choose the next token from its distribution, the first of those that came of `next_feed`; keep the others."""
        first, *others = distributions
        place = following = self._place.learn(self.written[-1], first)
        for token, distribution in zip(self._drafted, others, strict=True):
            following = following.learn(token, distribution)
        self._write(place)

    def _draft(self) -> list[int]:
        """What is read in advance; nothing while a token is being healed."""
        room = self.max_tokens - len(self.written) - 1
        if self.memory is None or not self.may_draft or len(self.text) < len(self.task.stub):
            return []
        return self.memory.draft(as_characters(self.written), room)

    def rest_of(self, middle: bytes) -> list[int] | None:
        """What this side would still have to write for `middle` (own order); None if it cannot any more."""
        whole = self.task.stub + middle + self.task.behind
        if self.ended or not self._is_unread or not whole.startswith(self.text):
            return None
        try:
            rest = self.to_write(middle, start=len(self.text))
        except UnicodeDecodeError:
            return None
        n_text = len(rest) - (rest[-1:] == [self.eom])
        return rest if len(self.written) + n_text <= self.max_tokens else None

    def to_write(self, middle: bytes, start: int = 0, behind: int = 0) -> list[int]:
        """All that this side writes for `middle` (own order), from byte `start` of its own text on.

        That is up to <eom>, or to the line's end if that is enough; in streams up to the token that reaches `behind`
        bytes behind the middle: a token may well span the seam.

        Raises:
            UnicodeDecodeError: the middle, or what is left of it, is not whole characters.
        """
        upto = self.task.stub + middle
        tokens = self.vocabulary.encode((upto + self.task.behind)[start:])
        if self.task.has_end and not self.task.stops_early:
            return [*tokens, self.eom]
        reach = len(upto) + (len(self.task.line_end) if self.task.has_end else behind)
        starts = accumulate((len(self.vocabulary.token_bytes[token]) for token in tokens), initial=start)
        return [token for token, token_start in zip(tokens, starts, strict=False) if token_start < reach]

    def proposal_feed(self, rest: list[int]) -> Feed:
        """The token chosen last and all but the last of `rest`, to be verified in one pass."""
        return self.row.feed(len(self.task.row), [*self.written, *rest[:-1]], outputs=len(rest))

    def accept(self, rest: list[int], distributions: Sequence[Distribution], middle: bytes) -> None:
        """Compare a proposal with this side's own choices; fast-forward to the first disagreement, which it keeps.

        Args:
            rest: what was proposed, at least one token.
            distributions: the one at each of its places.
            middle: the middle (own order) that `rest` completes.
        """
        for token, distribution in zip(rest, distributions, strict=True):
            if self._write(self._place.learn(self.written[-1], distribution)) != token or self.ended:
                return
            self.n_copied += 1
        self.finish(middle)

    def finish(self, middle: bytes | None) -> None:
        """Come to an end; `middle` (own order) is None when what was written is of no use."""
        self.middle, self.ended = middle, True
        self._is_unread = False

    def hurry(self, middle: bytes, patience: int, taken: int) -> None:
        """Write at most `patience` tokens more than `middle` (own order), with which the other side is done, takes.

        The other side has written `taken` tokens one by one. This one may write as many in any case: what the other one
        knew from before is no reason to give this one less time.
        """
        try:
            needed = self.to_write(middle, behind=len(self.task.arrival))
        except UnicodeDecodeError:
            return
        self.max_tokens = min(self.max_tokens, max(len(needed) + patience, taken))

    def arrived_at(self) -> bytes | None:
        """The middle (own order), if the newest text is the known text's first tokens behind it."""
        body, arrival = self._body(), self.task.arrival
        return body[: -len(arrival)] if arrival and not self.ended and body.endswith(arrival) else None

    def _body(self) -> bytes:
        """What was written behind the stub."""
        return self.text[len(self.task.stub) :]

    def so_far(self) -> bytes:
        """The middle, or what was written of it so far; known text behind it may be among it until it is complete."""
        return self._body() if self.middle is None else self.middle

    def _write(self, place: Continuation) -> int:
        """Choose the next token and take it, if the budget allows; returns it."""
        self._place, self._is_unread = place, False
        possible = self.possible(place.distribution, self.text, self.written)
        token = self.choose(possible)
        if token == self.eom:
            self.log_probs.append(possible.log_prob(token))
            self.finish(self._without_known(self._body()))
        elif self.may_write:
            self.log_probs.append(possible.log_prob(token))
            self.written.append(token)
            self.text += self.vocabulary.token_bytes[token]
            self._is_unread = True
            self._look_for_end()
        return token

    def _look_for_end(self) -> None:
        """A side may arrive without <eom>: at the far side's text, or by completing the line as it is known."""
        body, task = self._body(), self.task
        lines = body[: body.rfind(LINE_BREAK) + 1]
        if task.line_end and lines.endswith(task.line_end):
            self.finish(lines.removesuffix(task.line_end))
        elif (middle := self.arrived_at()) is not None:
            if not task.has_end or len(task.arrival) > len(task.known):
                self.finish(middle)
        elif not task.has_end and lines:
            # Read backwards, a line ends with its own first break, which is known text if there is a line above.
            line, line_break, _ = body.partition(LINE_BREAK)
            self.finish(self._without_known(line + line_break if LINE_BREAK in task.known else line))
        elif self.max_lines is not None and lines:
            self._end_with_lines(body, self.max_lines)

    def _end_with_lines(self, body: bytes, most: int) -> None:
        """End where the middle has more lines than are wanted. Read forwards, the wanted ones are there by then; read
        backwards, what was written comes after them."""
        if self.direction is Direction.BACKWARD:
            if body.count(LINE_BREAK) >= most + self.task.known.count(LINE_BREAK):
                self.finish(None)
        elif body.count(LINE_BREAK) >= most:
            wanted = LINE_BREAK.join(body.split(LINE_BREAK)[:most])
            self.is_cut = True
            self.finish(wanted.removesuffix(self.task.known))

    def _without_known(self, body: bytes) -> bytes | None:
        """The middle in what was written behind the stub; None if it does not end with the known text."""
        return body.removesuffix(self.task.known) if body.endswith(self.task.known) else None
