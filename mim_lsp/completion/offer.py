"""From what the engine wrote to what is offered: edited, filtered, best first, and a reason for every silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mim_lsp.completion import confidence
from mim_lsp.completion.confidence import Calibration
from mim_lsp.completion.edits import Wanted, edit
from mim_lsp.completion.explain import Explanation, Trail, explain
from mim_lsp.completion.features import features
from mim_lsp.completion.filters import check
from mim_lsp.completion.modes import resolve
from mim_lsp.completion.place import Place
from mim_lsp.completion.types import Candidate, CompletionOptions
from mim_lsp.engine.types import Generation, Middle
from mim_lsp.syntax.names import undefined_names


@dataclass(frozen=True)
class Offer:
    """What is offered of a generation. `candidates` is empty exactly when `reason` is set."""

    candidates: tuple[Candidate, ...]
    reason: str | None
    """A key of `mim_lsp.completion.reasons.REASONS`."""
    dropped: tuple[str, ...]
    """The reasons for which middles were not offered, one for each middle."""
    explanation: Explanation


def make_offer(
    generation: Generation,
    text: str,
    offset: int,
    options: CompletionOptions,
    calibration: Calibration | None = None,
) -> Offer:
    r"""What to offer for the cursor at `offset` of `text`, whose line breaks are `\n`."""
    place = Place(text[:offset], text[offset:], options.language)
    unit = resolve(text, offset, options.mode, options.language).unit
    judge = _Judge(generation, Wanted(place, unit, options.indentation), options, calibration)
    trails = tuple(_judged(judge, _worth_judging(generation), options.candidates))
    candidates = _candidates(generation, trails)
    dropped = tuple(trail.dropped for trail in trails if trail.dropped is not None)
    reason = None if candidates else _silence(generation, dropped)
    explanation = explain(
        generation,
        unit,
        reason,
        trails,
        threshold=judge.threshold,
        is_calibrated=calibration is not None,
    )
    return Offer(candidates, reason, dropped, explanation)


def _worth_judging(generation: Generation) -> tuple[Middle, ...]:
    """The middles that say something; none where the best is that nothing is missing."""
    is_complete = bool(generation.middles) and not generation.middles[0].text
    return () if is_complete else tuple(middle for middle in generation.middles if middle.text)


def _judged(judge: _Judge, middles: Sequence[Middle], most: int) -> Iterator[Trail]:
    """What becomes of the middles, until so many could be offered, confidence aside: the others were only compared."""
    n_fit = 0
    for middle in middles:
        if n_fit == most:
            return
        trail = judge.trail(middle)
        n_fit += trail.dropped in (None, "low_confidence")
        yield trail


def _silence(generation: Generation, dropped: tuple[str, ...]) -> str:
    """Why nothing is offered."""
    if generation.middles:
        return dropped[0] if dropped else "empty_middle"
    return "incomplete" if generation.exhausted else "no_candidate"


def _candidates(generation: Generation, trails: tuple[Trail, ...]) -> tuple[Candidate, ...]:
    """What passed, each text once, the most likely first."""
    candidates: dict[str, Candidate] = {}
    for middle, trail in zip(_worth_judging(generation), trails, strict=False):
        if trail.dropped is None:
            point = middle.meeting_point
            seam = None if point is None else min(point, len(trail.text))
            candidates.setdefault(trail.text, Candidate(trail.text, trail.confidence, middle.source, seam))
    return tuple(sorted(candidates.values(), key=lambda candidate: -candidate.confidence))


class _Judge:
    """Edits, checks and rates the middles of one generation."""

    def __init__(
        self, generation: Generation, wanted: Wanted, options: CompletionOptions, calibration: Calibration | None
    ) -> None:
        self.generation, self.wanted, self.options, self.calibration = generation, wanted, options, calibration
        self.threshold = confidence.threshold(options.eagerness, calibration)

    def trail(self, middle: Middle) -> Trail:
        """What becomes of a middle."""
        disabled, place = self.options.disabled_filters, self.wanted.place
        text, changes = edit(middle.text, self.wanted, disabled)
        undefined = () if "undefined_names" in disabled else self._undefined(text)
        known = features(middle, text, place, self.generation, n_undefined=len(undefined))
        rated = confidence.judge(middle, known, self.calibration)
        if changes and middle.text.strip() and not text.strip():
            dropped: str | None = changes[-1].reason
        else:
            dropped = check(text, place, disabled)
        if dropped is None and rated.value < self.threshold:
            dropped = "low_confidence"
        parts = dict(sorted(rated.parts.items(), key=lambda part: -abs(part[1])))
        return Trail(
            written=middle.text,
            source=middle.source,
            text=text,
            confidence=rated.value,
            geometric_mean=middle.confidence,
            parts=parts,
            features=known,
            undefined_names=undefined,
            changes=changes,
            dropped=dropped,
        )

    def _undefined(self, text: str) -> tuple[str, ...]:
        place = self.wanted.place
        if place.language != "python":
            return ()
        return tuple(sorted(undefined_names(place.prefix, text, place.suffix)))
