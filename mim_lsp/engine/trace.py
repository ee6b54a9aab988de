"""How a generation came about, for a person to read: token texts, and what each direction thought of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mim_lsp.engine.scoring import Reading
from mim_lsp.engine.side import Side
from mim_lsp.engine.types import SideTrace, TokenTrace
from mim_lsp.engine.vocabulary import is_text, mirror
from mim_lsp.runtime.loading import Direction

Span = tuple[int, int]
"""Bytes of the middle in text order: [start, end)."""


def token_texts(side: Side, ids: Sequence[int]) -> tuple[str, ...]:
    """The tokens' texts, each in text order; <eom> is ""."""
    known = side.vocabulary.token_bytes
    texts = (mirror(known[i], side.direction) if i < side.vocabulary.n_tokens else b"" for i in ids)
    return tuple(text.decode("utf-8", "replace") for text in texts)


def side_trace(side: Side) -> SideTrace:
    """What a side wrote, in text order."""
    texts = token_texts(side, side.written)
    return SideTrace(texts if side.direction is Direction.FORWARD else texts[::-1], side.ended)


def token_traces(middle: bytes, sides: tuple[Side, Side], readings: Sequence[Reading]) -> tuple[TokenTrace, ...]:
    """The pieces of a middle (text order) that are tokens of the forward direction, with what both directions think."""
    forward, backward = (
        _in_whole_characters(middle, _spans(side, reading, len(middle)))
        for side, reading in zip(sides, readings, strict=True)
    )
    return tuple(
        TokenTrace(middle[slice(*span)].decode("utf-8", "replace"), log_prob, backward.get(span))
        for span, log_prob in forward.items()
    )


def _spans(side: Side, reading: Reading, length: int) -> dict[Span, float]:
    """Where the tokens lie in the middle, in text order; what lies outside of it is cut off."""
    known = side.vocabulary.token_bytes
    ends = [-len(side.task.stub)]
    for token in reading.ids:
        ends.append(ends[-1] + (len(known[token]) if token < side.vocabulary.n_tokens else 0))
    own = [(max(0, start), min(length, end)) for start, end in pairwise(ends)]
    if side.direction is Direction.BACKWARD:
        own = [(length - end, length - start) for start, end in own]
    return dict(sorted((span, p) for span, p in zip(own, reading.log_probs, strict=True) if span[0] < span[1]))


def _in_whole_characters(middle: bytes, spans: dict[Span, float]) -> dict[Span, float]:
    """Spans with those joined that split a character."""
    out: dict[Span, float] = {}
    start, total = 0, 0.0
    for (_, end), log_prob in spans.items():
        total += log_prob
        if is_text(middle[start:end]):
            out[start, end] = total
            start, total = end, 0.0
    return out
