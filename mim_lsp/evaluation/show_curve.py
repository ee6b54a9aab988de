"""What a threshold on the confidence shows, and how much of that is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mim_lsp.evaluation.logistic import Floats

Bools = npt.NDArray[np.bool_]

KEPT = 0.95
"""The share of the right suggestions that the default threshold shows at least."""
_THRESHOLDS = tuple(step / 100 for step in range(96))


class Labelled(Protocol):
    """A task of which it is known whether its suggestion is right."""

    @property
    def is_right(self) -> bool:
        """Whether the suggestion is what was meant."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        ...


@dataclass(frozen=True)
class Shown:
    """What is shown at one threshold."""

    threshold: float
    show_rate: float
    """Of the places where something is missing."""
    precision: float | None
    """The share of what is shown, in all places, that is right; None if nothing is shown."""
    recall: float
    """The share of the right suggestions that is shown."""
    false_show_rate: float
    """Of the places where nothing is missing."""


def show_curve(samples: Sequence[Labelled], p_S: Floats) -> list[Shown]:
    """What each threshold shows of the suggestions with confidences `p_S`; 0 stands for no suggestion."""
    return [shown_at(threshold, samples, p_S) for threshold in _THRESHOLDS]


def shown_at(threshold: float, samples: Sequence[Labelled], p_S: Floats) -> Shown:
    """What one threshold shows."""
    right_S = np.array([sample.is_right for sample in samples])
    complete_S = np.array([sample.is_complete for sample in samples])
    shown_S = (p_S >= threshold) & (p_S > 0)
    n_shown = int(shown_S.sum())
    return Shown(
        threshold,
        show_rate=_share(shown_S, ~complete_S),
        precision=float(right_S[shown_S].mean()) if n_shown else None,
        recall=_share(shown_S, right_S),
        false_show_rate=_share(shown_S, complete_S),
    )


def default_threshold(curve: Sequence[Shown]) -> float:
    """The highest threshold that still shows `KEPT` of the right suggestions."""
    return max(point.threshold for point in curve if point.recall >= KEPT)


def _share(chosen_S: Bools, among_S: Bools) -> float:
    return float(chosen_S[among_S].mean()) if among_S.any() else 0.0
