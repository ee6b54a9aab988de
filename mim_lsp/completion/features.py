"""What is known of a suggestion that tells how likely it is what was meant: the input of the confidence.

Numbers that are comparable between models are not needed: every model has coefficients of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mim_lsp.completion.cursor_line import rest_of_line, typed_part
from mim_lsp.completion.place import Place
from mim_lsp.engine.types import Generation, Middle

FLOOR = -20.0
"""Log-probabilities below it count as this."""

_OF_SIDE = ("mean", "worst", "first", "end", "all")
FEATURES = (
    *(f"{side}_{name}" for side in ("forward", "backward") for name in _OF_SIDE),
    *("empty_forward", "empty_backward", "over_empty", "met", "backward_alone", "one_sided", "characters"),
    *("line_breaks", "shortened", "text_to_the_right", "typed_line", "undefined_names"),
)
"""Their names."""


def features(middle: Middle, text: str, place: Place, generation: Generation, *, n_undefined: int) -> dict[str, float]:
    """The features of `middle`, of which `text` is to be offered at `place`.

    `n_undefined`: how many names it uses that nothing defines.
    """
    forward, backward = middle.forward_log_probs, middle.backward_log_probs
    return {
        **_of_side("forward", forward),
        **_of_side("backward", backward),
        **_against_nothing(forward, backward, generation),
        "met": float(middle.source == "met"),
        "backward_alone": float(middle.source == "backward"),
        "one_sided": float(not backward),
        "characters": math.log1p(len(text)),
        "line_breaks": math.log1p(text.count("\n")),
        "shortened": float(len(text) < len(middle.text)),
        "text_to_the_right": float(bool(rest_of_line(place.suffix).strip())),
        "typed_line": math.log1p(len(typed_part(place.prefix).strip())),
        "undefined_names": float(min(n_undefined, 2)),
    }


def _of_side(name: str, log_probs: Sequence[float]) -> Mapping[str, float]:
    """What one direction thinks of it; all 0 where it was not asked."""
    clipped = [max(FLOOR, value) for value in log_probs]
    return {
        f"{name}_mean": sum(clipped) / max(1, len(clipped)),
        f"{name}_worst": min(clipped, default=0.0),
        f"{name}_first": clipped[0] if clipped else 0.0,
        f"{name}_end": clipped[-1] if clipped else 0.0,
        f"{name}_all": max(FLOOR, sum(clipped)),
    }


def _against_nothing(
    forward: Sequence[float], backward: Sequence[float], generation: Generation
) -> Mapping[str, float]:
    """What both directions think of inserting nothing, and by how much they prefer it; 0 where that is not known."""
    if generation.empty_log_probs is None:
        return {"empty_forward": FLOOR, "empty_backward": FLOOR, "over_empty": -FLOOR}
    empty_forward, empty_backward = (max(FLOOR, value) for value in generation.empty_log_probs)
    over = sum(forward) - empty_forward + (sum(backward) - empty_backward if backward else 0.0)
    return {
        "empty_forward": empty_forward,
        "empty_backward": empty_backward,
        "over_empty": min(-FLOOR, max(FLOOR, over)),
    }
