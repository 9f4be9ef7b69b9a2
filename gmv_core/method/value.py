"""Value: from distances and quality to the credit of each training image (GMValuator, eq. 4–6).

V_ij = q_j · exp(−d_ij/τ) / Σ_{i∈P_j} exp(−d_ij/τ),  φ_i = Σ_j V_ij,  so that Σφ = Σq.
P_j are the k nearest candidates of generated image j. Nothing here needs a model.

Two named choices beside the paper's rule. Credit "convincing": a match farther than a given reach
earns nothing, and what it would have earned stays *unattributed*, so that Σφ + unattributed = Σq.
Duplicates "cluster": P_j are the k nearest clusters of near copies, each at the distance of its
first member, and its members share equally what it earns; copying an image then earns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.settings import CONVINCING, ValueSettings
from gmv_core.types import Float32, Float64, Int64


@dataclass(frozen=True)
class Basis:
    """What credit rests on besides distances and settings.

    reach: the distance up to which a match is convincing, inf where it is not known.
    clusters: (n,) the first row of each training image's cluster of near copies, of those that are
    not left out if any are; members: (n,) how many images share with it, itself included, 0 for one
    left out. None where each earns for itself.
    """

    reach: float = np.inf
    clusters: Int64 | None = None
    members: Int64 | None = None


ALL_EARN = Basis()


@dataclass(frozen=True)
class HandedOut:
    """How the quality of m generated images is handed out to their k contributors.

    contributors: (m, k) training rows, nearest first, −1 for none; of a cluster its first member.
    weights: (m, k) float64, rows add up to 1 (less where a match earns nothing, 0 where there is
    no contributor). credit: (m, k) float64, V = q · weight, of a cluster all that it earns.
    effective: (m,) float64, exp of the weights' entropy, 1…k: the *effective contributors*.
    unattributed: (m,) float64, what is left of q.
    """

    contributors: Int64
    weights: Float64
    credit: Float64
    effective: Float64
    unattributed: Float64


def hand_out(
    candidates: Int64,
    distances: Float32,
    quality: Float64,
    settings: ValueSettings,
    basis: Basis = ALL_EARN,
) -> HandedOut:
    """Hand each generated image's quality out to its contributors; the one place of the formula.

    candidates: (m, R) training rows in order of distance, −1 for none; one of each cluster, where
    the basis has clusters. distances: (m, R), rising, inf for none. quality: (m,) in [0, 1], nan
    for a rejected image.
    """
    k = min(settings.k, candidates.shape[1])
    weights = contributor_weights(distances[:, :k], settings.temperature)
    kept = np.ones(weights.shape, bool)
    if settings.credit == CONVINCING:
        kept = distances[:, :k] <= basis.reach
    there = weights.any(axis=1)
    q = np.nan_to_num(quality)
    if not settings.quality_weighting:  # 1, of a rejected image 0
        q = (there | np.isfinite(quality)).astype(np.float64)
    left = np.where(there, np.where(kept, 0, weights).sum(axis=1), 1.0)
    weights = np.where(kept, weights, 0)
    earned = weights.sum(axis=1, keepdims=True)
    shares = np.divide(weights, earned, out=np.zeros(weights.shape), where=earned > 0)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
    effective = np.exp(entropy) * weights.any(axis=1)
    return HandedOut(candidates[:, :k], weights, q[:, None] * weights, effective, q * left)


def contributor_weights(distances: Float32, temperature: float | str) -> Float64:
    """Return the softmax of −d/τ over each row, (m, k), stable for any scale of d.

    distances: (m, k), inf where a row has fewer than k contributors; a row without any gets zeros.
    temperature: τ > 0, or "auto": each row's own standard deviation of d.
    """
    d = np.asarray(distances, np.float64)
    there = np.isfinite(d)
    nearest = np.min(d, axis=1, keepdims=True, initial=np.inf)
    # From the nearest on, before τ divides: a large common part would cost digits.
    shifted = np.where(there, d - np.where(np.isfinite(nearest), nearest, 0), 0)
    if temperature == "auto":
        count = np.maximum(there.sum(1, keepdims=True), 1)
        mean = shifted.sum(1, keepdims=True) / count
        spread = np.sqrt((np.where(there, shifted - mean, 0) ** 2).sum(1, keepdims=True) / count)
        tau = np.where(spread > 0, spread, 1.0)  # all equal: any τ gives equal weights
    else:
        tau = np.full_like(nearest, float(temperature))
    with np.errstate(over="ignore"):
        unscaled = np.where(there, np.exp(-(shifted / tau)), 0)  # at most 1, and 1 in each row
    total = unscaled.sum(axis=1, keepdims=True)
    weights: Float64 = np.divide(unscaled, total, out=unscaled, where=total > 0)
    return weights


@dataclass(frozen=True)
class Values:
    """value: (n,) φ. times_contributor, times_candidate: (n,) int64, in how many lists it stood."""

    value: Float64
    times_contributor: Int64
    times_candidate: Int64


def no_values(n: int) -> Values:
    """Return the values of n training images before any generated image was valued."""
    return Values(np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64))


def add_values(values: Values, candidates: Int64, handed: HandedOut) -> Values:
    """Return the values with what a block of m generated images hands out added.

    candidates: (m, R) training rows, −1 for none.
    """
    n = len(values.value)
    there = handed.contributors >= 0
    rows = handed.contributors[there]
    return Values(
        values.value + np.bincount(rows, weights=handed.credit[there], minlength=n),
        values.times_contributor + np.bincount(rows, minlength=n),
        values.times_candidate + np.bincount(candidates[candidates >= 0], minlength=n),
    )


def shared_within(values: Values, basis: Basis) -> Values:
    """Return values of which the members of a cluster share equally, as far as any of them earns.

    values: of the first members, as `add_values` counts them. Without clusters: as they are.
    """
    if basis.clusters is None or basis.members is None:
        return values
    n, clusters, alive = len(values.value), basis.clusters, basis.members > 0

    def together(of: Float64 | Int64) -> Float64:
        return np.where(alive, np.bincount(clusters, weights=of, minlength=n)[clusters], 0)

    return Values(
        together(values.value) / np.maximum(basis.members, 1),
        together(values.times_contributor).astype(np.int64),
        together(values.times_candidate).astype(np.int64),
    )


def rank_from_bottom(value: Float64, nearest_distance: Float64) -> Int64:
    """Return training rows, least valuable first; ties by nearest distance, farthest first.

    nearest_distance: (n,) to the closest generated image, between embeddings.
    Most values are exactly 0, so the tie rule carries most of the ranking. Of the rules that were
    measured (benchmarks/truth/noise/run.py) this one finds most kinds of noise best.
    """
    return np.lexsort((-nearest_distance, value)).astype(np.int64)
