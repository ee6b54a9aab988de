"""One request, from a hole to middles: read, decode, fall back where the sides do not meet, add alternatives."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from mim_lsp.engine.branches import Branches
from mim_lsp.engine.caches import DocumentRows, RowPair
from mim_lsp.engine.choice import Choice, Forced, greedy
from mim_lsp.engine.decode import Decoding, Outcome
from mim_lsp.engine.found import Found, as_found, without_near_duplicates
from mim_lsp.engine.memory import DocumentMemory, Remembering
from mim_lsp.engine.next_tokens import NextTokens
from mim_lsp.engine.remembering import make_memory
from mim_lsp.engine.scoring import Reading, Score, own_reading, score_middles
from mim_lsp.engine.search import SearchLimits, rank
from mim_lsp.engine.side import LINE_BREAK, Side
from mim_lsp.engine.task import SideTask, make_task
from mim_lsp.engine.trace import side_trace, token_traces
from mim_lsp.engine.types import DecodeSettings, Generation, InfillRequest, Source, Trace, Watch
from mim_lsp.engine.vocabulary import OwnVocabulary, is_text, mirror
from mim_lsp.runtime.loading import LoadedModel
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed

DRAFT_FROM_PARAMETERS = 30_000_000
"""Where weights come from memory, a pass over more tokens takes hardly longer. A smaller model lies in the processor's
cache: there each token that is read in advance costs as much as any other, and the passes saved do not make up for it
(docs/experiments.md)."""


@dataclass
class Run:
    """One run of `MimEngine.generate`; lists of two are forward, backward."""

    model: LoadedModel
    vocabularies: Sequence[OwnVocabulary]
    request: InfillRequest
    settings: DecodeSettings
    cancel: CancelFlag
    watch: Watch = lambda _: None
    memory_weights: Remembering | None = None
    tasks: list[SideTask] = field(init=False)
    rows: RowPair = field(init=False)
    deadline: float = math.inf
    steps: int = 0
    _known: tuple[dict[str, NextTokens], dict[str, NextTokens]] = field(default_factory=lambda: ({}, {}))

    def __post_init__(self) -> None:
        decode, meet_ngram = self.settings.decode, self.settings.meet_ngram
        self.tasks = [make_task(self.model, part, self.request, decode, meet_ngram) for part in self.vocabularies]

    def warm(self, document: DocumentRows) -> int:
        """Read the prompts for a later request; see `MimEngine.warm`."""
        prompts = [task.row for task in self.tasks]
        _ = self.memories  # an index of other files takes longer to make than a request may wait
        return document.for_reading_ahead(prompts).read(prompts, self.cancel)

    def generate(self, document: DocumentRows) -> Generation:
        """Do it all; see `MimEngine.generate`."""
        started = time.perf_counter()
        n_encoded = self._read(document)
        encoded = time.perf_counter()
        if self.settings.max_ms is not None:
            self.deadline = encoded + self.settings.max_ms / 1000
        outcome, sides = self._decode(greedy, self.watch)
        found = self._found(outcome, sides)
        empty = self._empty_log_probs(sides)
        best = self._with_alternatives(found, sides, began=encoded)
        for side in sides:  # what a later request may go on with
            side.row.behind.keep_only(side.written)
        return Generation(
            middles=tuple(one.middle for one in best),
            met=outcome.met,
            verified=self.settings.verify and best[:1] == found[:1] and outcome.verified is not None,
            steps=self.steps,
            tokens=len(best[0].score.forward.ids) if best else 0,
            encoded_tokens=n_encoded,
            encode_ms=(encoded - started) * 1000,
            decode_ms=(time.perf_counter() - encoded) * 1000,
            exhausted=outcome.exhausted,
            trace=_trace(sides, best[:1]),
            empty_log_probs=empty,
        )

    @cached_property
    def memories(self) -> list[DocumentMemory | None]:
        """Each side's memory of the document, if the model has been fitted one."""
        weights = self.memory_weights if self.settings.memory else None
        if weights is None:
            return [None, None]
        sides = zip(self.vocabularies, self.tasks, strict=True)
        return [make_memory(*side, self.request, self.settings.decode, weights) for side in sides]

    def _read(self, document: DocumentRows) -> int:
        """Bring both rows up to the request's prompts; returns how many tokens that took."""
        prompts = [task.row for task in self.tasks]
        self.rows = document.for_request(prompts)
        n_encoded = self.rows.read(prompts, self.cancel)
        if not self.settings.recall:
            for row in self.rows.both:
                row.forget_tails()
        return n_encoded

    def _decode(self, choose: Choice, watch: Watch) -> tuple[Outcome, tuple[Side, Side]]:
        """Decode once; `choose` is the forward side's, the backward one is greedy."""
        forward, backward = sides = self._sides(choose)
        decoding = Decoding(
            self._step,
            forward,
            backward,
            self.settings.meet_ngram,
            self.settings.verify,
            deadline=self.deadline,
            watch=lambda written: watch(written.decode("utf-8", "ignore")),
        )
        return decoding.run(), sides

    def _step(self, feeds: Sequence[Feed]) -> list[Sequence[Distribution]]:
        """A pass over the weights that is counted."""
        self.steps += 1
        return self.rows.step(feeds, self.cancel)

    @property
    def _may_draft(self) -> bool:
        if self.settings.draft is None:
            return self.model.config.n_parameters >= DRAFT_FROM_PARAMETERS
        return self.settings.draft

    @property
    def _is_one_sided(self) -> bool:
        return self.settings.decode == "forward"

    def _sides(self, choose: Choice) -> tuple[Side, Side]:
        """Fresh sides behind their prompts."""
        config, settings = self.model.config, self.settings
        end_bias = config.end_bias if settings.end_bias is None else settings.end_bias
        room = config.context_length - max(len(task.row) for task in self.tasks)
        budget = max(1, min(settings.max_tokens, room))
        budgets = budget, 0 if self._is_one_sided else budget
        forward, backward = (
            Side(
                *parts,
                eom=config.special.eom,
                max_tokens=most,
                max_lines=settings.max_lines,
                end_bias=end_bias,
                memory=memory,
                may_draft=self._may_draft,
                known=known,
            )
            for most, memory, known, parts in zip(
                budgets,
                self.memories,
                self._known,
                zip(self.tasks, self.vocabularies, self.rows.both, (choose, greedy), strict=True),
                strict=True,
            )
        )
        return forward, backward

    def _found(self, outcome: Outcome, sides: tuple[Side, Side]) -> list[Found]:
        """The decoded middles, best first: the verified one, else each side's own, judged by both models."""
        sources = {middle: source for middle, source in _sources(outcome).items() if self._is_wanted(middle)}
        scores = self._scores(list(sources), sides)
        found = []
        for (middle, source), score in zip(sources.items(), scores, strict=True):
            point = outcome.meeting_point if source == "met" else None
            found.append(as_found(middle, source, score, sides, point))
        return sorted(found, key=rank, reverse=True)

    def _is_wanted(self, middle: bytes) -> bool:
        """Whether it is text, and of no more lines than are wanted: the backward side may end beyond them."""
        most = self.settings.max_lines
        return is_text(middle) and (most is None or middle.count(LINE_BREAK) < most)

    def _scores(self, middles: Sequence[bytes], sides: tuple[Side, Side]) -> list[Score]:
        """Both models' scores; free for a middle that both sides wrote, and for one that was cut."""
        if len(middles) == 1 and all(side.middle == mirror(middles[0], side.direction) for side in sides):
            return [Score(own_reading(sides[0]), own_reading(sides[1]))]
        is_cut = [self._is_one_sided or (sides[0].is_cut and middle == sides[0].middle) for middle in middles]
        whole = [middle for middle, cut in zip(middles, is_cut, strict=True) if not cut]
        scores = iter(score_middles(self._step, sides, whole))
        return [Score(own_reading(sides[0]), Reading()) if cut else next(scores) for cut in is_cut]

    def _empty_log_probs(self, sides: tuple[Side, Side]) -> tuple[float, float] | None:
        """What both models think of an empty middle."""
        if not self.settings.score_empty or self._is_one_sided:
            return None
        if any(len(side.to_write(b"", behind=len(side.task.arrival))) > self.settings.max_tokens for side in sides):
            return None
        (score,) = score_middles(self._step, sides, [b""])
        return score.forward.total, score.backward.total

    def _with_alternatives(self, found: list[Found], sides: tuple[Side, Side], *, began: float) -> list[Found]:
        """Different middles, ranked; only the best where that says that nothing is missing."""
        if found and not found[0].middle.text:
            return found[:1]
        written, out, branches = found[0].middle.text if found else "", without_near_duplicates(found), Branches()
        limits = SearchLimits(self.settings, self.model.config.n_parameters, self.steps, began)
        branches.add(sides[0])
        for n_tries in count():
            branch = branches.pop()
            if branch is None or not limits.allow(branch, out, n_tries, self.steps - limits.steps_of_one):
                break
            if time.perf_counter() >= self.deadline:
                break
            outcome, sides = self._decode(Forced(branch.way), lambda _: self.watch(written))
            branches.add(sides[0], start=len(branch.way))
            more = self._found(outcome, sides)
            out = without_near_duplicates([*out, *(one for one in more if one.middle.text)])
        return sorted(out, key=rank, reverse=True)[: max(1, self.settings.candidates, self.settings.compare)]


def _sources(outcome: Outcome) -> dict[bytes, Source]:
    """The middles that decoding came to, and whose they are."""
    if outcome.verified is not None:
        return {outcome.verified: "met"}
    sources: dict[bytes, Source] = {}
    if outcome.forward is not None:
        sources[outcome.forward] = "forward"
    if outcome.backward is not None:
        sources[outcome.backward] = "backward"
    return sources


def _trace(sides: tuple[Side, Side], best: Sequence[Found]) -> Trace:
    forward, backward = map(side_trace, sides)
    traces = [token_traces(one.middle.text.encode(), sides, one.score.readings) for one in best]
    return Trace(forward, backward, *traces)
