"""The distance at which half of the answers are yes: a logistic curve, falling with distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float64, Floats

LEAST = 10  # answers
_Z = 1.959964


@dataclass(frozen=True)
class HalfPoint:
    """at: where the curve P(yes) = 1/(1 + exp(−(a + b·x))) is a half, with its 95 % interval.

    side: −1 where that is below all x, so that no x was seen with a half, 1 where it is above all,
    0 among them. intercept, slope: a and b. low, high: nan where the slope is not surely below 0,
    so that the interval has no end.
    """

    at: float
    low: float
    high: float
    intercept: float
    slope: float
    side: int = 0


def half_point(x: Float64, yes: Float64) -> HalfPoint | None:
    """Fit the curve to (n,) distances and answers, 1 or 0; None where it tells nothing.

    That is so with fewer than LEAST answers, without both, with one distance, or where yes does not
    become rarer with distance. By Firth's penalised likelihood (1993), which has a finite answer
    even where a distance parts yes from no; the interval is Fieller's (1954).
    """
    if len(x) < LEAST or yes.min() == yes.max() or x.min() == x.max():
        return None
    from scipy.optimize import minimize

    middle, scale = float(x.mean()), float(x.std())
    design = np.stack([np.ones(len(x)), (x - middle) / scale], axis=1)

    def information(b: Float64) -> Float64:
        p = 1 / (1 + np.exp(-np.clip(design @ b, -30, 30)))
        inside: Float64 = (design * (p * (1 - p))[:, None]).T @ design
        return inside

    def loss(b: Float64) -> float:
        score = design @ b
        likelihood = float(yes @ score - np.logaddexp(0, score).sum())
        return -likelihood - 0.5 * float(np.linalg.slogdet(information(b))[1])

    a, b = minimize(loss, np.zeros(2), method="BFGS").x
    if b >= 0:
        return None
    low, high = _fieller(a, b, np.linalg.inv(information(np.array([a, b]))))
    at = float(middle - scale * a / b)
    return HalfPoint(
        at=at,
        low=middle + scale * low,
        high=middle + scale * high,
        intercept=float(a - b * middle / scale),
        slope=float(b / scale),
        side=int(at > x.max()) - int(at < x.min()),
    )


def _fieller(a: float, b: float, covariance: Floats) -> tuple[float, float]:
    """Return the interval of −a/b: the x with (a + b·x)² ≤ z² Var(a + b·x)."""
    square = b * b - _Z**2 * covariance[1, 1]
    linear = 2 * (a * b - _Z**2 * covariance[0, 1])
    constant = a * a - _Z**2 * covariance[0, 0]
    inside = linear * linear - 4 * square * constant
    if square <= 0 or inside < 0:
        return np.nan, np.nan
    root = np.sqrt(inside)
    return float((-linear - root) / (2 * square)), float((-linear + root) / (2 * square))
