"""One request, from a hole to middles: read, decode, fall back where the sides do not meet, add alternatives."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mim_lsp.engine.caches import RowPair
from mim_lsp.engine.choice import Choice, Nucleus, greedy
from mim_lsp.engine.decode import Decoding, Outcome
from mim_lsp.engine.scoring import Score, score_middle, score_of
from mim_lsp.engine.side import Side
from mim_lsp.engine.task import SideTask, make_task
from mim_lsp.engine.types import DecodeSettings, Generation, InfillRequest, Middle, Source
from mim_lsp.engine.vocabulary import OwnVocabulary, is_text, mirror
from mim_lsp.runtime.loading import LoadedModel
from mim_lsp.runtime.protocol import CancelFlag, Feed, LogProbs

TRIES_PER_ALTERNATIVE = 2
"""Each is a whole decode, and at a low temperature many come to what is known already."""


class Found(NamedTuple):
    """A middle that was decoded, and what both models think of it."""

    middle: Middle
    score: Score


@dataclass
class Run:
    """One run of `MimEngine.generate`; lists of two are forward, backward."""

    model: LoadedModel
    vocabularies: Sequence[OwnVocabulary]
    request: InfillRequest
    settings: DecodeSettings
    cancel: CancelFlag
    rows: RowPair
    tasks: list[SideTask] = field(default_factory=list)
    ahead: list[LogProbs] = field(default_factory=list)
    """What follows each prompt, (vocab_size,)."""
    deadline: float = math.inf
    steps: int = 0

    def generate(self) -> Generation:
        """Do it all; see `MimEngine.generate`."""
        started = time.perf_counter()
        n_encoded = self._read()
        encoded = time.perf_counter()
        if self.settings.max_ms is not None:
            self.deadline = encoded + self.settings.max_ms / 1000
        outcome, sides = self._decode(greedy)
        found = self._found(outcome, sides)
        middles = [middle for middle, _ in found]
        return Generation(
            middles=tuple([*middles, *self._alternatives(middles)][: max(1, self.settings.candidates)]),
            met=outcome.met,
            verified=bool(middles) and middles[0].source == "met",
            steps=self.steps,
            tokens=found[0].score.tokens if found else 0,
            encoded_tokens=n_encoded,
            encode_ms=(encoded - started) * 1000,
            decode_ms=(time.perf_counter() - encoded) * 1000,
            exhausted=outcome.exhausted,
        )

    def _read(self) -> int:
        """Bring both rows up to the request's prompts; returns how many tokens that took."""
        decode, meet_ngram = self.settings.decode, self.settings.meet_ngram
        self.tasks = [make_task(self.model, part, self.request, decode, meet_ngram) for part in self.vocabularies]
        self.ahead, n_encoded = self.rows.read([task.row for task in self.tasks], self.cancel)
        return n_encoded

    def _decode(self, choose: Choice) -> tuple[Outcome, tuple[Side, Side]]:
        sides = self._sides(choose)
        outcome = Decoding(self._step, *sides, self.settings.meet_ngram, deadline=self.deadline).run()
        return outcome, sides

    def _step(self, feeds: Sequence[Feed]) -> list[LogProbs]:
        """A pass over the weights that is counted."""
        self.steps += 1
        return self.rows.step(feeds, self.cancel)

    def _sides(self, choose: Choice) -> tuple[Side, Side]:
        """Fresh sides behind their prompts, each with its first token chosen; rows are cut back to the prompts."""
        for task, row in zip(self.tasks, self.rows.both, strict=True):
            row.truncate(len(task.row))
        config, settings = self.model.config, self.settings
        end_bias = config.end_bias if settings.end_bias is None else settings.end_bias
        forward, backward = (
            Side(*parts, eom=config.special.eom, choose=choose, max_tokens=settings.max_tokens, end_bias=end_bias)
            for parts in zip(self.tasks, self.vocabularies, self.rows.both, strict=True)
        )
        for side, log_probs in zip((forward, backward), self.ahead, strict=True):
            side.see(log_probs)
        return forward, backward

    def _found(self, outcome: Outcome, sides: tuple[Side, Side]) -> list[Found]:
        """The decoded middles, best first: the verified one, else each side's own, judged by both models."""
        found = []
        for middle, source in self._sources(outcome).items():
            if is_text(middle):
                score = self._score(middle, sides)
                point = outcome.meeting_point if source == "met" else None
                found.append(Found(_as_middle(middle, source, score.confidence, point), score))
        return sorted(found, key=lambda one: -one.score.total)

    def _sources(self, outcome: Outcome) -> dict[bytes, Source]:
        """The middles that decoding came to, and whose they are."""
        if outcome.verified is not None:
            return {outcome.verified: "met"}
        sources: dict[bytes, Source] = {}
        if outcome.forward is not None:
            sources[outcome.forward] = "forward"
        if outcome.backward is not None:
            sources[outcome.backward] = "backward"
        return sources

    def _score(self, middle: bytes, sides: tuple[Side, Side]) -> Score:
        """Both models' score; free when both sides wrote this very middle."""
        if all(side.middle == mirror(middle, side.direction) for side in sides):
            return score_of(sides[0].log_probs, sides[1].log_probs)
        return score_middle(self._step, sides, self.ahead, middle)

    def _alternatives(self, known: list[Middle]) -> list[Middle]:
        """Further middles, sampled, each different from all others; none where the best is that nothing is missing."""
        texts = [middle.text for middle in known]
        wanted = self.settings.candidates - max(1, len(texts)) if texts[:1] != [""] else 0
        out: list[Middle] = []
        for attempt in range(TRIES_PER_ALTERNATIVE * wanted):
            if len(out) >= wanted or time.perf_counter() >= self.deadline:
                break
            choose = Nucleus(self.settings.temperature, self.settings.top_p, self.settings.seed + attempt)
            for middle, _ in self._found(*self._decode(choose))[:1]:
                if middle.text not in texts:
                    texts.append(middle.text)
                    out.append(middle)
        return out


def _as_middle(middle: bytes, source: Source, confidence: float, meeting_point: int | None) -> Middle:
    """The middle as text; a meeting point inside a character moves to that character's start."""
    point = None if meeting_point is None else len(middle[:meeting_point].decode("utf-8", "ignore"))
    return Middle(middle.decode("utf-8"), source, confidence, point)
