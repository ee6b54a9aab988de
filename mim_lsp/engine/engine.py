"""From a hole in a text to middles: read both rows, decode, fall back where the sides do not meet, add alternatives."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mim_lsp.engine.caches import DocumentCaches, RowPair, prefill
from mim_lsp.engine.choice import Choice, Nucleus, greedy
from mim_lsp.engine.decode import Decoding, Outcome
from mim_lsp.engine.scoring import Score, score_middle, score_of
from mim_lsp.engine.side import Side
from mim_lsp.engine.task import SideTask, make_task
from mim_lsp.engine.types import DecodeSettings, Generation, InfillRequest, Middle
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.runtime.loading import Direction, LoadedModel
from mim_lsp.runtime.protocol import LogProbs

ONE_OFF = ""
"""The document of requests that name none."""
TRIES_PER_ALTERNATIVE = 3


class MimEngine:
    """Writes middles with one model. Not thread-safe."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self._vocabularies = [
            OwnVocabulary(model.tokenizer, direction, model.config.vocab_size) for direction in Direction
        ]
        self._caches = DocumentCaches(model.runtime)

    def count_tokens(self, text: str) -> int:
        """Number of tokens of a text."""
        return len(self.model.tokenizer.encode(text))

    def forget(self, document: str) -> None:
        """Free a document's caches."""
        self._caches.forget(document)

    def generate(
        self,
        request: InfillRequest,
        settings: DecodeSettings,
        cancelled: Callable[[], bool] = lambda: False,
        document: str | None = None,
    ) -> Generation:
        """Write the middle of `request`.

        Args:
            request: the texts around the hole; prompts that they make must fit the model's context.
            settings: how to decode.
            cancelled: polled between passes.
            document: names the caches to reuse.

        Raises:
            Cancelled: `cancelled()` returned True.
        """
        return _Request(self, request, settings, cancelled, self._caches.pair(document or ONE_OFF)).run()

    def tasks(self, request: InfillRequest, settings: DecodeSettings) -> list[SideTask]:
        """Both directions' tasks, forward first."""
        return [
            make_task(self.model, vocabulary, request, settings.decode, settings.meet_ngram)
            for vocabulary in self._vocabularies
        ]

    def sides(
        self, tasks: list[SideTask], rows: RowPair, ahead: list[LogProbs], choose: Choice, max_tokens: int
    ) -> tuple[Side, Side]:
        """Fresh sides behind their prompts; rows are cut back to those."""
        both = (rows.forward, rows.backward)
        for task, row in zip(tasks, both, strict=True):
            row.truncate(len(task.row))
        eom = self.model.config.special.eom
        forward, backward = (
            Side(*parts, eom=eom, choose=choose, max_tokens=max_tokens)
            for parts in zip(tasks, self._vocabularies, both, ahead, strict=True)
        )
        return forward, backward


@dataclass
class _Request:
    """One run of `MimEngine.generate`."""

    engine: MimEngine
    request: InfillRequest
    settings: DecodeSettings
    cancelled: Callable[[], bool]
    rows: RowPair
    steps: int = 0

    def run(self) -> Generation:
        started = time.perf_counter()
        self.tasks = self.engine.tasks(self.request, self.settings)
        prompts = list(zip((self.rows.forward, self.rows.backward), (task.row for task in self.tasks), strict=True))
        self.ahead, n_encoded = prefill(self.engine.model.runtime, prompts, self.cancelled)
        encoded = time.perf_counter()
        outcome, sides = self._decode(greedy)
        middles = self._middles(outcome, sides)
        best_tokens = middles[0][1].tokens if middles else 0
        texts = [middle for middle, _ in middles] + self._alternatives([m.text for m, _ in middles])
        return Generation(
            middles=tuple(texts[: max(1, self.settings.candidates)]),
            met=outcome.met,
            verified=outcome.verified is not None,
            steps=self.steps,
            tokens=best_tokens,
            encoded_tokens=n_encoded,
            encode_ms=(encoded - started) * 1000,
            decode_ms=(time.perf_counter() - encoded) * 1000,
        )

    def _decode(self, choose: Choice) -> tuple[Outcome, tuple[Side, Side]]:
        sides = self.engine.sides(self.tasks, self.rows, self.ahead, choose, self.settings.max_tokens)
        outcome = Decoding(self.engine.model.runtime, *sides, self.settings, self.cancelled).run()
        self.steps += outcome.steps
        return outcome, sides

    def _middles(self, outcome: Outcome, sides: tuple[Side, Side]) -> list[tuple[Middle, Score]]:
        """The decoded middles, best first: the verified one, else each side's own, judged by both models."""
        if outcome.verified is not None:
            found = {outcome.verified: "met"}
        else:
            found = {m: source for source in ("backward", "forward") if (m := getattr(outcome, source)) is not None}
            found = found or self._whole_lines(outcome.partial)
        scored = [(self._score(middle, sides), middle, source) for middle, source in found.items() if _is_text(middle)]
        scored.sort(key=lambda item: -item[0].total)
        point = outcome.meeting_point
        return [(_as_middle(middle, source, score, point), score) for score, middle, source in scored]

    def _score(self, middle: bytes, sides: tuple[Side, Side]) -> Score:
        """Both models' score; free when both sides wrote this very middle."""
        if all(side.middle == (middle if side.direction is Direction.FORWARD else middle[::-1]) for side in sides):
            return score_of(sides[0].log_probs, sides[1].log_probs)
        self.steps += 1
        return score_middle(self.engine.model.runtime, sides, self.ahead, middle)

    def _whole_lines(self, partial: bytes) -> dict[bytes, str]:
        """An unfinished middle's whole lines, which can stand alone where the cursor ends its line."""
        lines = partial.rpartition(b"\n")[0]
        return {lines: "forward"} if lines.strip() and self.request.suffix[:1] in ("", "\n") else {}

    def _alternatives(self, known: list[str]) -> list[Middle]:
        """Further middles, sampled, each different from all others."""
        out: list[Middle] = []
        for attempt in range(TRIES_PER_ALTERNATIVE * (self.settings.candidates - 1)):
            if len(known) >= self.settings.candidates:
                break
            choose = Nucleus(self.settings.temperature, self.settings.top_p, self.settings.seed + attempt)
            for middle, _ in self._middles(*self._decode(choose))[:1]:
                if middle.text not in known:
                    known.append(middle.text)
                    out.append(middle)
        return out


def _is_text(middle: bytes) -> bool:
    try:
        middle.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _as_middle(middle: bytes, source: str, score: Score, meeting_point: int | None) -> Middle:
    point = (
        len(middle[:meeting_point].decode("utf-8", "ignore")) if source == "met" and meeting_point is not None else None
    )
    return Middle(middle.decode("utf-8"), source, score.confidence, point)  # type: ignore[arg-type]
