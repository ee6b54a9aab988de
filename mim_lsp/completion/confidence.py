"""How likely it is that a suggestion is what the person would have written, and from which likelihood on it is shown.

A logistic regression over `features`, fitted for each model on held-out packages by `mim-lsp calibrate`, which keeps
it in the model's folder. A model without one falls back to the geometric mean of the tokens' probabilities.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mim_lsp.completion.features import FEATURES
from mim_lsp.engine.types import Middle
from mim_lsp.errors import ModelError

FILE = "confidence.json"
MOST_WANTED = 0.95
"""The confidence that is asked for at eagerness 0."""


@dataclass(frozen=True)
class Weight:
    """What one feature counts."""

    mean: float
    """Of the feature in the data that was fitted."""
    scale: float
    """Its standard deviation there; never 0."""
    coefficient: float
    """Of the standardized feature, in nats."""


@dataclass(frozen=True)
class Calibration:
    """A fitted logistic regression, and the confidence that is asked for by default."""

    intercept: float
    weights: Mapping[str, Weight]
    threshold: float
    """The confidence that is asked for at eagerness 0.5."""

    def parts(self, features: Mapping[str, float]) -> dict[str, float]:
        """What each feature adds to the log-odds, in nats."""
        return {
            name: weight.coefficient * (features[name] - weight.mean) / weight.scale
            for name, weight in self.weights.items()
        }

    def confidence(self, features: Mapping[str, float]) -> float:
        """The probability, 0 to 1, that a suggestion with these features is what was meant."""
        return logistic(self.intercept + sum(self.parts(features).values()))


@dataclass(frozen=True)
class Confidence:
    """What is known of one suggestion."""

    value: float
    """Between 0 and 1; a probability if `is_calibrated`."""
    parts: Mapping[str, float]
    """What each feature added to the log-odds, in nats; empty if it is not calibrated."""
    is_calibrated: bool


def judge(middle: Middle, features: Mapping[str, float], calibration: Calibration | None) -> Confidence:
    """The confidence in a middle. Without a calibration, the geometric mean of its tokens' probabilities.

    There each undefined name halves it.
    """
    if calibration is None:
        return Confidence(middle.confidence * 0.5 ** features["undefined_names"], {}, False)
    return Confidence(calibration.confidence(features), calibration.parts(features), True)


def threshold(eagerness: float, calibration: Calibration | None) -> float:
    """The confidence below which nothing is shown: `MOST_WANTED` at eagerness 0, the model's own at 0.5, 0 at 1.

    Between 0 and 0.5 equal steps of eagerness multiply it by equal factors, since right suggestions thin out that way.
    Without a calibration everything is shown from 0.5 on.
    """
    own = 0.0 if calibration is None else calibration.threshold
    if eagerness >= 0.5:
        return own * 2 * (1 - eagerness)
    share = 2 * eagerness
    return MOST_WANTED ** (1 - share) * own**share if own > 0 else MOST_WANTED * (1 - share)


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), for any finite x."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else 1 - 1 / (1 + math.exp(x))


def read_calibration(folder: Path) -> Calibration | None:
    """The calibration that a model's folder has; None if it has none.

    Raises:
        ModelError: it cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        weights = {name: Weight(**weight) for name, weight in fields["weights"].items()}
        if not weights.keys() <= set(FEATURES):
            raise ValueError("a weight for an unknown feature")
        return Calibration(float(fields["intercept"]), weights, float(fields["threshold"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{path} is damaged: fit it again with `mim-lsp calibrate`, or delete it.") from error


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Write `calibration` into a model's folder, in place of the one that it may have."""
    (folder / FILE).write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")
