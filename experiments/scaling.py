"""How loss falls with size and tokens, and what that predicts for larger models.

L(N, D) = E + A / N^0.34 + B / D^0.28 in bits a byte, with the exponents of Hoffmann et al. (2022, Sec. 3.3): a few
small runs cannot tell exponents, only the three factors, which are fitted by least squares on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import pyplot as plt

from experiments.arms import SCALING
from experiments.results import read
from mim_lsp.training.recipes import find_recipe
from mim_lsp.training.settings import with_settings

ALPHA, BETA = 0.34, 0.28
FEWEST = 5
PREDICTED = ((8.6e6, 43e6), (26e6, 200e6), (86e6, 1e9), (358e6, 600e9), (1.224e9, 600e9), (2.369e9, 600e9))
"""Parameters and tokens that are asked about: ours and the paper's."""


class Point(NamedTuple):
    """A run: parameters, tokens predicted in both directions, bits per byte of held-out code, forward."""

    name: str
    n: float
    d: float
    bits: float


class Fit(NamedTuple):
    """E, A and B."""

    floor: float
    size: float
    data: float

    def bits(self, n: float, d: float) -> float:
        """Bits a byte of a model of `n` parameters after `d` tokens."""
        return self.floor + self.size / n**ALPHA + self.data / d**BETA


def points(out: Path) -> list[Point]:
    """The runs of all sizes that are done."""
    found = []
    for result in read(SCALING, out):
        n = with_settings(find_recipe(result.arm.recipe), list(result.arm.shape.settings)).config.n_parameters
        bits = result.measured["code"]["bits_per_byte_forward"]
        found.append(Point(result.arm.shape.name, n, result.tokens, bits))
    return found


def fit(points: Sequence[Point]) -> Fit:
    """Least squares; no factor below zero, so that some of the three may be zero."""
    terms = np.array([[1.0, point.n**-ALPHA, point.d**-BETA] for point in points])
    bits = np.array([point.bits for point in points])
    fits = []
    for used in ([0, 1, 2], [0, 1], [0, 2], [1, 2], [0], [1], [2]):
        factors = np.zeros(3)
        factors[used] = np.linalg.lstsq(terms[:, used], bits, rcond=None)[0]
        if (factors >= 0).all():
            fits.append((float(((terms @ factors - bits) ** 2).sum()), factors))
    _, best = min(fits, key=lambda fit: fit[0])
    return Fit(*map(float, best))


def report(points: Sequence[Point]) -> Iterator[str]:
    """Lines of Markdown: the runs beside the fit, and what it says of others."""
    fitted = fit(points)
    yield f"\nscaling\n\nE = {fitted.floor:.3f}, A = {fitted.size:.3g}, B = {fitted.data:.3g}\n"
    yield "| parameters | tokens | bits per byte | by the fit |\n|---|---|---|---|"
    for point in sorted(points, key=lambda point: (point.n, point.d)):
        yield f"| {point.name} | {point.d / 1e6:.2f}M | {point.bits:.3f} | {fitted.bits(point.n, point.d):.3f} |"
    for n, d in PREDICTED:
        yield f"| {n / 1e6:,.1f}M | {d / 1e6:,.0f}M | | {fitted.bits(n, d):.3f} |"


def plot(points: Sequence[Point], path: Path) -> None:
    """Bits a byte over tokens, a line for each size, with the fit behind them."""
    fitted, axes = fit(points), plt.figure(figsize=(6.5, 4.2)).gca()
    tokens = np.geomspace(min(point.d for point in points) / 1.5, 60e6, 60)
    for color, name in enumerate(sorted({point.name for point in points})):
        own = sorted((point for point in points if point.name == name), key=lambda point: point.d)
        axes.plot([point.d for point in own], [point.bits for point in own], "o", color=f"C{color}", label=name)
        axes.plot(tokens, [fitted.bits(own[0].n, d) for d in tokens], "-", color=f"C{color}", linewidth=0.8)
    axes.set(xscale="log", xlabel="tokens predicted, both directions", ylabel="held-out code, bits a byte, forward")
    axes.legend(title="parameters; lines: the fit", fontsize=8)
    axes.grid(alpha=0.3, which="both")
    axes.figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    axes.figure.savefig(path, dpi=110)
    plt.close()
