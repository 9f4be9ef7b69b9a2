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


AT_ONCE = 2**23  # products held at once, of all blocks


@dataclass(frozen=True)
class Probes:
    """What of generated images is held against training images.

    codes: (m,), their classes. u, v: (m, d), A g and A² g. size: (m,), the part of that name,
    over 2σ⁴. scale: (m,), what I is multiplied by: 1 over the error there makes it relative.
    """

    codes: Int64
    u: Floats
    v: Floats
    size: Float64
    scale: Float64


def probes(made: Denoiser, x: Floats, codes: Int64, scale: Float64 | None = None) -> Probes:
    """Prepare generated images. x: (m, d) in 0…1. codes, scale: (m,); by default scale is 1."""
    along, gains = made.along(np.asarray(x, np.float64), codes), made.gains[:, None]
    u, v = along * gains, along * gains**2
    typical = float((made.gains**2 * made.kept * made.eigenvalues).sum())
    size = (typical - (u * v * made.eigenvalues[:, None]).sum((0, 2))) / made.statistics.n
    back = made.directions.transpose(0, 2, 1)
    scale = np.ones(len(codes)) if scale is None else scale
    return Probes(codes, made.joined(u @ back), made.joined(v @ back), size, scale)


def spreads(made: Denoiser, x: Floats, codes: Int64) -> Float64:
    """Return zᵀA D A z of training images, (b,). x: (b, d) in 0…1. codes: (b,)."""
    weight = np.sqrt(made.gains**2 * made.kept)[:, None].astype(x.dtype)
    found: Float64 = np.square(made.along(x, codes) * weight).sum((0, 2))
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
    """Return I_ij of every pair, (m, b), times the probes' scale, in the precision of x.

    x: (b, d) training images in 0…1, any block of them. codes: (b,). spread: (b,), what `spreads`
    returns for them, where it is known. parts: of the formula; all of them, or some to compare.
    """
    found = made.statistics
    z = made.split(x - found.means.astype(x.dtype)[codes]).transpose(0, 2, 1)  # (k, ·, b)
    own = (1 / found.counts[codes]).astype(x.dtype)
    pairs = np.empty((len(asked.codes), len(codes)), x.dtype)
    step = max(1, AT_ONCE // (len(made.blocks) * len(codes)))
    for first in range(0, len(pairs), step):
        some = slice(first, first + step)
        along_v = made.split(asked.v[some].astype(x.dtype)) @ z  # (k, m, b)
        part = np.zeros(along_v.shape[1:], x.dtype)
        if "mean" in parts:
            part += (asked.codes[some, None] == codes) * own * along_v.sum(0)
        if "directions" in parts:
            along_v *= made.split(asked.u[some].astype(x.dtype)) @ z
            part += along_v.sum(0) / found.n
        pairs[some] = part
    if "spread" in parts:
        spread = spreads(made, x, codes) if spread is None else spread
        pairs -= (spread / found.n).astype(x.dtype)
    if "size" in parts:
        pairs += asked.size[:, None].astype(x.dtype)
    pairs *= (2 * made.sigma**4 * asked.scale)[:, None].astype(x.dtype)
    return pairs


@dataclass(frozen=True)
class Sums:
    """What the sum of I_ij over generated images needs of them, however many there are.

    All are sums over generated images, each times its scale. count: of 1. outer: (k, b, b), of
    u vᵀ by block. by_class: (classes, d), of v of each. size: of that part.
    """

    count: float
    outer: Float64
    by_class: Float64
    size: float


def no_sums(made: Denoiser) -> Sums:
    """Return the sums over no generated image."""
    return Sums(0.0, np.zeros(made.directions.shape), np.zeros(made.statistics.means.shape), 0.0)


def add_sums(made: Denoiser, sums: Sums, asked: Probes) -> Sums:
    """Return the sums with some generated images added."""
    scaled, by_class = asked.v * asked.scale[:, None], sums.by_class.copy()
    np.add.at(by_class, asked.codes, scaled)
    return Sums(
        sums.count + float(asked.scale.sum()),
        sums.outer + made.split(asked.u).transpose(0, 2, 1) @ made.split(scaled),
        by_class,
        sums.size + float(asked.size @ asked.scale),
    )


def total_influence(
    made: Denoiser, sums: Sums, x: Floats, codes: Int64, *, spread: Float64
) -> Float64:
    """Return Σ_j I_ij of training images, (b,): its cost does not grow with the generated images.

    x: (b, d) in 0…1. codes: (b,). spread: (b,), what `spreads` returns for them.
    """
    found = made.statistics
    z = np.asarray(x, np.float64) - found.means[codes]
    by_block = made.split(z)
    directions = ((by_block @ sums.outer) * by_block).sum((0, 2)) / found.n
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
