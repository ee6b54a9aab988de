"""How good probabilities are: Brier score, expected calibration error, area under the ROC curve, reliability bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mim_lsp.evaluation.logistic import Floats

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Samples of about the same confidence."""

    samples: int
    confidence: float
    """Their mean confidence."""
    accuracy: float
    """The share of them that is right."""


@dataclass(frozen=True)
class Quality:
    """What the confidences of a set of samples are worth."""

    samples: int
    right: float
    """The share that is right."""
    brier: float
    """Mean squared distance between confidence and truth; 0 is perfect."""
    expected_calibration_error: float
    """Mean distance between a bin's confidence and its accuracy, weighted by its size; 0 is perfect."""
    auc: float | None
    """Chance that a right one has more confidence than a wrong one; None if all are the same."""


def quality(p_S: Floats, y_S: Floats) -> Quality:
    """What confidences `p_S` are worth for at least one sample, whose truths are `y_S` (0 or 1)."""
    bins = reliability_bins(p_S, y_S)
    error = sum(part.samples * abs(part.confidence - part.accuracy) for part in bins) / len(p_S)
    return Quality(len(p_S), float(y_S.mean()), float(((p_S - y_S) ** 2).mean()), error, area_under_curve(p_S, y_S))


def reliability_bins(p_S: Floats, y_S: Floats) -> list[Bin]:
    """Up to `BINS` bins with equally many samples, by ascending confidence."""
    order_S = np.argsort(p_S, kind="stable")
    parts = [part for part in np.array_split(order_S, min(BINS, len(order_S))) if len(part)]
    return [Bin(len(part), float(p_S[part].mean()), float(y_S[part].mean())) for part in parts]


def area_under_curve(p_S: Floats, y_S: Floats) -> float | None:
    """The area under the ROC curve, ties counting half; None without samples of both kinds."""
    right, wrong = p_S[y_S > 0.5], p_S[y_S <= 0.5]
    if not len(right) or not len(wrong):
        return None
    above = (right[:, None] > wrong[None, :]).sum() + 0.5 * (right[:, None] == wrong[None, :]).sum()
    return float(above / (len(right) * len(wrong)))
