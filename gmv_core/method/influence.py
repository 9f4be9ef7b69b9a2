"""Influence: how the linear denoiser's error on a generated image answers to one training image.

The names are those of denoiser.py; u = A g, v = A² g. Give training image i the weight 1 + ε, refit
means and covariance, both divided by the sum of weights, and keep σ. To first order in ε

    μ_c moves by ε z/n_c,  C by ε (z zᵀ − C)/n,

for a class's scatter is least around its own mean: to first order moving the mean adds nothing to
it, however few members the class has. (Exactly, the scatter becomes S + ε n_c/(n_c + ε) z zᵀ.)
From dA = −A dC A and dD = σ² A dC A the derivative of −L on generated image j is

    I_ij = 2σ⁴ [ (z·u)(z·v)/n            directions: what i adds to the directions that x̂ needs
               − zᵀA D A z/n             spread: the same for all generated images
               + 1{same class} z·v/n_c   mean: how i moves its class's mean
               + (tr A D A C − uᵀC v)/n  size: the same for all training images ].

The last is what dividing by n + ε instead of n does. It changes no order, and with it Σ_i I_ij = 0:
helpful is above, harmful below the average training image. A class of one has z = 0: only `size`.
What is left out is second order in ε: leaving image i out for good (ε = −1) changes its mean by
n_c/(n_c − 1) times as much, so for groups and tiny classes refit instead (denoiser.left_out).
The idea of asking by weights is Cook & Weisberg's (1982) and Koh & Liang's (2017).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from gmv_core.method.denoiser import Denoiser
from gmv_core.types import Float64, Floats, Int64

PARTS = ("directions", "spread", "mean", "size")


@dataclass(frozen=True)
class Probes:
    """What of generated images is held against training images.

    codes: (m,), their classes. u, v: (m, d), A g and A² g. size: (m,), the part of that name,
    over 2σ⁴.
    """

    codes: Int64
    u: Float64
    v: Float64
    size: Float64


def probes(made: Denoiser, x: Floats, codes: Int64) -> Probes:
    """Prepare generated images. x: (m, d) in 0…1. codes: (m,)."""
    along = (np.asarray(x, np.float64) - made.statistics.means[codes]) @ made.directions
    u, v = along * made.gains, along * made.gains**2
    typical = float((made.gains**2 * made.kept) @ made.eigenvalues)
    size = (typical - (u * v) @ made.eigenvalues) / made.statistics.n
    return Probes(codes, u @ made.directions.T, v @ made.directions.T, size)


def spreads(made: Denoiser, x: Floats, codes: Int64) -> Float64:
    """Return zᵀA D A z of training images, (b,). x: (b, d) in 0…1. codes: (b,)."""
    along = (x - made.statistics.means.astype(x.dtype)[codes]) @ made.directions.astype(x.dtype)
    found: Float64 = (along * along) @ (made.gains**2 * made.kept).astype(x.dtype)
    return found.astype(np.float64)


def influence(
    made: Denoiser,
    asked: Probes,
    x: Floats,
    codes: Int64,
    *,
    spread: Float64 | None = None,
    parts: Collection[str] = PARTS,
) -> Floats:
    """Return I_ij of every pair, (m, b), in the precision of x.

    x: (b, d) training images in 0…1, any block of them. codes: (b,). spread: (b,), what `spreads`
    returns for them, where it is known. parts: of the formula; all of them, or some to compare.
    """
    found = made.statistics
    along_v = _along(asked.v, x, found.means, codes)
    pairs = np.zeros_like(along_v)
    if "directions" in parts:
        pairs += _along(asked.u, x, found.means, codes)
        pairs /= found.n
    if "mean" in parts:
        own = (1 / found.counts[codes]).astype(x.dtype)
        pairs += (asked.codes[:, None] == codes) * own
    pairs *= along_v
    if "spread" in parts:
        spread = spreads(made, x, codes) if spread is None else spread
        pairs -= (spread / found.n).astype(x.dtype)
    if "size" in parts:
        pairs += asked.size[:, None].astype(x.dtype)
    pairs *= 2 * made.sigma**4
    return pairs


def _along(probe: Float64, x: Floats, means: Float64, codes: Int64) -> Floats:
    """Return z·probe of every pair, (m, b), as x·probe − μ·probe: no z is ever made."""
    along: Floats = probe.astype(x.dtype) @ x.T
    along -= (probe @ means.T).astype(x.dtype)[:, codes]
    return along


@dataclass(frozen=True)
class Sums:
    """What the sum of I_ij over generated images needs of them, however many there are.

    count: of them. outer: (d, d), Σ u vᵀ. by_class: (classes, d), Σ v of each. size: Σ.
    """

    count: int
    outer: Float64
    by_class: Float64
    size: float


def no_sums(made: Denoiser) -> Sums:
    """Return the sums over no generated image."""
    means = made.statistics.means
    return Sums(0, np.zeros((means.shape[1],) * 2), np.zeros(means.shape), 0.0)


def add_sums(sums: Sums, asked: Probes) -> Sums:
    """Return the sums with some generated images added."""
    by_class = sums.by_class.copy()
    np.add.at(by_class, asked.codes, asked.v)
    return Sums(
        sums.count + len(asked.codes),
        sums.outer + asked.u.T @ asked.v,
        by_class,
        sums.size + float(asked.size.sum()),
    )


def total_influence(
    made: Denoiser, sums: Sums, x: Floats, codes: Int64, *, spread: Float64
) -> Float64:
    """Return Σ_j I_ij of training images, (b,): its cost does not grow with the generated images.

    x: (b, d) in 0…1. codes: (b,). spread: (b,), what `spreads` returns for them.
    """
    found = made.statistics
    z = np.asarray(x, np.float64) - found.means[codes]
    directions = ((z @ sums.outer) * z).sum(1) / found.n
    mean = (z * sums.by_class[codes]).sum(1) / found.counts[codes]
    total: Float64 = directions + mean - sums.count * spread / found.n + sums.size
    return 2 * made.sigma**4 * total


def extremes(
    pairs: Floats, ids: Int64, count: int, before: tuple[Floats, Int64] | None = None
) -> tuple[Floats, Int64]:
    """Return the `count` largest of each row, largest first, and their ids.

    pairs: (m, b), −I for the most harmful ones. ids: (b,), of the columns. before: what this
    returned for earlier blocks, which stay in the race. Equal ones come in the order of their ids.
    """
    values, named = pairs, np.broadcast_to(ids, pairs.shape)
    if before is not None:
        values = np.concatenate([before[0], pairs], axis=1)
        named = np.concatenate([before[1], named], axis=1)
    if values.shape[1] > count:
        best = np.argpartition(-values, count - 1, axis=1)[:, :count]
        values, named = np.take_along_axis(values, best, 1), np.take_along_axis(named, best, 1)
    order = np.lexsort((named, -values), axis=1)
    return np.take_along_axis(values, order, 1), np.take_along_axis(named, order, 1)
