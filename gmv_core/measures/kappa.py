"""Do two people judge alike? Cohen's κ (1960) with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float64, Int64

DRAWS = 4000


@dataclass(frozen=True)
class Agreement:
    """share: of equal answers. kappa: 1 for equal answers, 0 as by chance; with its 95 % interval.

    kappa and the interval are nan where both gave one answer only: chance alone agrees wholly then.
    """

    count: int
    share: float
    kappa: float
    low: float
    high: float


def cohen_kappa(a: Int64, b: Int64, *, categories: int, seed: int = 0) -> Agreement:
    """Return how far (n,) answers 0…categories − 1 of two people to the same questions agree.

    κ = (p_o − p_e)/(1 − p_e). The interval is the 2.5 % and the 97.5 % quantile of κ under the
    Dirichlet posterior of the table of both answers, with one question spread evenly over it as
    prior (Perks 1947): a few questions that were all answered alike then do not make a point.
    """
    n = len(a)
    if not n:
        return Agreement(0, np.nan, np.nan, np.nan, np.nan)
    counts = np.bincount(a * categories + b, minlength=categories**2).astype(np.float64)
    share = float((a == b).mean())
    kappa = float(_kappas(counts[None] / n, categories)[0])
    if np.isnan(kappa):
        return Agreement(n, share, np.nan, np.nan, np.nan)
    rng = np.random.default_rng(seed)
    tables = rng.dirichlet(counts + 1 / len(counts), DRAWS)
    low, high = np.quantile(_kappas(tables, categories), (0.025, 0.975))
    return Agreement(n, share, kappa, float(min(low, kappa)), float(max(high, kappa)))


def _kappas(tables: Float64, categories: int) -> Float64:
    """Return κ of (t, categories²) tables of shares, (t,)."""
    cells = tables.reshape(-1, categories, categories)
    seen = np.trace(cells, axis1=1, axis2=2)
    chance = (cells.sum(axis=2) * cells.sum(axis=1)).sum(axis=1)
    certain = np.isclose(chance, 1)
    kappa: Float64 = np.divide(
        seen - chance, 1 - chance, out=np.full(len(cells), np.nan), where=~certain
    )
    return kappa
