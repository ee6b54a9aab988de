"""Logistic regression with a ridge, fitted by Newton's method (iteratively reweighted least squares)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MAX_STEPS = 50
TOLERANCE = 1e-8


def fit_logistic(x_SF: Floats, y_S: Floats, ridge: float) -> tuple[float, Floats]:
    """The intercept and the coefficients (F,) that make the labels most likely.

    Args:
        x_SF: standardized features of S samples.
        y_S: 0 or 1 for each.
        ridge: how much the squares of the coefficients cost; the intercept is free. Above 0, so that there is always
            one best answer.
    """
    design_SG = np.hstack([np.ones((len(x_SF), 1)), x_SF])
    cost_G = np.full(design_SG.shape[1], ridge)
    cost_G[0] = 1e-9
    weights_G = np.zeros(design_SG.shape[1])
    for _ in range(MAX_STEPS):
        p_S = 1 / (1 + np.exp(-np.clip(design_SG @ weights_G, -30, 30)))
        gradient_G = design_SG.T @ (y_S - p_S) - cost_G * weights_G
        curvature_GG = (design_SG * (p_S * (1 - p_S))[:, None]).T @ design_SG + np.diag(cost_G)
        step_G = np.linalg.solve(curvature_GG, gradient_G)
        weights_G = weights_G + step_G
        if float(np.abs(step_G).max()) < TOLERANCE:
            break
    return float(weights_G[0]), weights_G[1:]
