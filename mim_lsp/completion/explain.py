"""How an answer came about, for a person who asks: `mim-lsp explain`, and `mim/explain` in an editor.

Everything is JSON-ready (`dataclasses.asdict`). It costs nothing that the completion did not need anyway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from mim_lsp.completion.edits import Change
from mim_lsp.completion.modes import Unit
from mim_lsp.completion.reasons import REASONS
from mim_lsp.completion.types import Source
from mim_lsp.engine.types import Generation, SideTrace, TokenTrace


@dataclass(frozen=True)
class Trail:
    """What became of one text that was written."""

    written: str
    source: Source
    text: str
    """After the edits: what is offered, unless `dropped`."""
    confidence: float
    """Between 0 and 1."""
    geometric_mean: float
    """Of the probabilities that both directions give its tokens: the confidence of a model without a calibration."""
    parts: Mapping[str, float]
    """What each feature added to the log-odds of the confidence, in nats, the most important first."""
    features: Mapping[str, float]
    """What the confidence was worked out from; see `mim_lsp.completion.features`."""
    undefined_names: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    """What the edits did, in their order."""
    dropped: str | None = None
    """The reason why it is not offered, else None."""


@dataclass(frozen=True)
class Side:
    """What one direction wrote by itself."""

    text: str
    """In text order; some of it may be known text, before or behind the middle."""
    ended: bool
    """Whether it came to an end of its own."""


@dataclass(frozen=True)
class Token:
    """A piece of the best middle, with each direction's probability of it; None where its tokens have other borders."""

    text: str
    forward: float | None
    backward: float | None


@dataclass(frozen=True)
class Explanation:
    """How an answer came about."""

    unit: Unit
    """How far a suggestion was to go."""
    reason: str | None
    """Why nothing is offered, as a code; None if something is."""
    sentence: str
    """What happened, for a person."""
    forward: Side
    backward: Side
    met: bool
    verified: bool
    meeting_point: int | None
    """Offset in the best middle where the sides met."""
    tokens: tuple[Token, ...]
    """The best middle."""
    trails: tuple[Trail, ...]
    """What became of each text that was written, best first."""
    threshold: float
    """The confidence below which nothing is shown."""
    is_calibrated: bool
    """Whether the model has a calibration; else the confidence is a geometric mean of probabilities."""
    encoded_tokens: int
    written_tokens: int
    steps: int
    encode_ms: float
    decode_ms: float

    def as_json(self) -> dict[str, object]:
        """A dictionary of plain values."""
        return asdict(self)


def explain(
    generation: Generation,
    unit: Unit,
    reason: str | None,
    trails: tuple[Trail, ...],
    *,
    threshold: float,
    is_calibrated: bool,
) -> Explanation:
    """Put together how an answer came about."""
    best = generation.middles[0] if generation.middles else None
    return Explanation(
        unit=unit,
        reason=reason,
        sentence=_sentence(generation, reason, trails, threshold),
        forward=_side(generation.trace.forward),
        backward=_side(generation.trace.backward),
        met=generation.met,
        verified=generation.verified,
        meeting_point=best.meeting_point if best is not None else None,
        tokens=tuple(map(_token, generation.trace.tokens)),
        trails=trails,
        threshold=threshold,
        is_calibrated=is_calibrated,
        encoded_tokens=generation.encoded_tokens,
        written_tokens=generation.tokens,
        steps=generation.steps,
        encode_ms=generation.encode_ms,
        decode_ms=generation.decode_ms,
    )


def _side(trace: SideTrace) -> Side:
    return Side("".join(trace.tokens), trace.ended)


def _token(trace: TokenTrace) -> Token:
    return Token(trace.text, _probability(trace.forward_log_prob), _probability(trace.backward_log_prob))


def _probability(log_prob: float | None) -> float | None:
    return None if log_prob is None else math.exp(min(0.0, log_prob))


def _sentence(generation: Generation, reason: str | None, trails: tuple[Trail, ...], threshold: float) -> str:
    """What happened, in a sentence or two."""
    if reason == "low_confidence":
        best = max(trail.confidence for trail in trails if trail.dropped == reason)
        return f"{REASONS[reason]} The confidence was {best:.0%}, and {threshold:.0%} is asked for."
    if reason is not None:
        return REASONS[reason]
    source = next(trail.source for trail in trails if trail.dropped is None)
    if source == "met":
        return "Both directions met, and the forward model verified the text."
    return f"The text is the {source} side's; the other direction did not come to the same."
