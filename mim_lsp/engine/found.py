"""The middles that decoding came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mim_lsp.engine.scoring import Score
from mim_lsp.engine.side import Side
from mim_lsp.engine.trace import token_texts
from mim_lsp.engine.types import Middle, Source


class Found(NamedTuple):
    """A middle that was decoded, and what both models think of it."""

    middle: Middle
    score: Score


def as_found(middle: bytes, source: Source, score: Score, sides: tuple[Side, Side], meeting_point: int | None) -> Found:
    """The middle (text order, whole characters) as text; a meeting point inside a character moves to its start."""
    forward, backward = sides
    made = Middle(
        middle.decode("utf-8"),
        source,
        score.confidence,
        None if meeting_point is None else len(middle[:meeting_point].decode("utf-8", "ignore")),
        is_cut=source == "forward" and forward.is_cut,
        forward_tokens=token_texts(forward, score.forward.ids),
        forward_log_probs=score.forward.log_probs,
        backward_tokens=token_texts(backward, score.backward.ids),
        backward_log_probs=score.backward.log_probs,
    )
    return Found(made, score)


def without_near_duplicates(found: Sequence[Found]) -> list[Found]:
    """One of those that differ only in blanks and line breaks, the first."""
    different: dict[str, Found] = {}
    for one in found:
        different.setdefault("".join(one.middle.text.split()), one)
    return list(different.values())
