"""Generations made by hand, for the tests of what becomes of them."""

from __future__ import annotations

from typing import Any

from mim_lsp.completion.confidence import Calibration, Weight
from mim_lsp.engine.types import Generation, Middle, SideTrace, TokenTrace, Trace


def middle(text: str, confidence: float = 0.8, **facts: Any) -> Middle:
    """A middle on which both directions agree."""
    both = {"forward_log_probs": (-0.1, -0.2), "backward_log_probs": (-0.3, -0.1)}
    return Middle(text, facts.pop("source", "met"), confidence, **{**both, **facts})


def generation(*middles: Middle | str, **facts: Any) -> Generation:
    """What came of a request; the sides met on the first middle unless `facts` say otherwise."""
    made = tuple(middle(one) if isinstance(one, str) else one for one in middles)
    defaults: dict[str, Any] = {
        "met": bool(made),
        "verified": bool(made),
        "steps": 3,
        "tokens": 2,
        "encoded_tokens": 40,
        "encode_ms": 5.0,
        "decode_ms": 7.0,
        "trace": _trace(made[0].text) if made else Trace(),
    }
    return Generation(middles=made, **{**defaults, **facts})


def _trace(text: str) -> Trace:
    half = len(text) // 2
    pieces = tuple(TokenTrace(piece, -0.1, -2.0) for piece in (text[:half], text[half:]) if piece)
    return Trace(SideTrace((text,), ended=True), SideTrace((text[half:],)), pieces)


def calibration(threshold: float = 0.3, **coefficients: float) -> Calibration:
    """A calibration by which only the named features count, as they are."""
    return Calibration(0.0, {name: Weight(0.0, 1.0, value) for name, value in coefficients.items()}, threshold)
