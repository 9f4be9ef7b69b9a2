"""Value: from distances and quality to the credit of each training image (GMValuator, eq. 4–6).

V_ij = q_j · exp(−d_ij/τ) / Σ_{i∈P_j} exp(−d_ij/τ),  φ_i = Σ_j V_ij,  so that Σφ = Σq.
P_j are the k nearest candidates of generated image j. Nothing here needs a model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.settings import ValueSettings
from gmv_core.types import Float32, Float64, Int64


@dataclass(frozen=True)
class Shares:
    """How each generated image's quality is shared out.

    weights: (m, k) float64, rows add up to 1 (to 0 where a row has no contributor).
    effective: (m,) float64, exp of the weights' entropy, 1…k: the *effective contributors*.
    """

    weights: Float64
    effective: Float64


def contributor_weights(distances: Float32, temperature: float | str) -> Shares:
    """Softmax of −d/τ over each row, stable for any scale of d.

    distances: (m, k), inf where a row has fewer than k contributors.
    temperature: τ > 0, or "auto": each row's own standard deviation of d.
    """
    d = np.asarray(distances, np.float64)
    there = np.isfinite(d)
    nearest = np.min(d, axis=1, keepdims=True, initial=np.inf)
    shifted = np.where(there, d - np.where(np.isfinite(nearest), nearest, 0), 0)
    if temperature == "auto":
        count = np.maximum(there.sum(1, keepdims=True), 1)
        mean = shifted.sum(1, keepdims=True) / count
        spread = np.sqrt((np.where(there, shifted - mean, 0) ** 2).sum(1, keepdims=True) / count)
        tau = np.where(spread > 0, spread, 1.0)  # all equal: any τ gives equal weights
    else:
        tau = np.full_like(nearest, float(temperature))
    with np.errstate(over="ignore", under="ignore"):
        raw = np.where(there, np.exp(-(shifted / tau)), 0.0)
    total = raw.sum(1, keepdims=True)
    weights = np.divide(raw, total, out=np.zeros_like(raw), where=total > 0)
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    return Shares(weights, np.exp(-(weights * logs).sum(1)) * there.any(1))


@dataclass(frozen=True)
class Values:
    """value: (n,) φ. times_contributor, times_candidate: (n,) int64, in how many lists it stood."""

    value: Float64
    times_contributor: Int64
    times_candidate: Int64


def no_values(n: int) -> Values:
    """Return the values of n training images before any generated image was valued."""
    return Values(np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64))


def add_values(
    values: Values,
    candidates: Int64,
    distances: Float32,
    quality: Float64,
    settings: ValueSettings,
) -> tuple[Values, Shares]:
    """Return the values with a block of generated images added, and the block's shares.

    candidates: (m, R) training rows in order of distance, −1 for none.
    distances: (m, R), rising, inf for none. quality: (m,) in [0, 1].
    """
    k = min(settings.k, candidates.shape[1])
    shares = contributor_weights(distances[:, :k], settings.temperature)
    q = np.asarray(quality if settings.quality_weighting else np.ones(len(quality)), np.float64)
    n = len(values.value)
    contributors = candidates[:, :k]
    there = contributors >= 0
    credit = (q[:, None] * shares.weights)[there]
    return Values(
        values.value + np.bincount(contributors[there], weights=credit, minlength=n),
        values.times_contributor + np.bincount(contributors[there], minlength=n),
        values.times_candidate + np.bincount(candidates[candidates >= 0], minlength=n),
    ), shares


def rank_from_bottom(value: Float64, nearest_distance: Float64) -> Int64:
    """Return training rows, least valuable first; ties by nearest distance, farthest first.

    nearest_distance: (n,) to the closest generated image, between embeddings.
    Most values are exactly 0, so the tie rule carries most of the ranking. Of the rules that were
    measured (benchmarks/truth/noise/run.py) this one finds most kinds of noise best.
    """
    return np.lexsort((-nearest_distance, value)).astype(np.int64)
