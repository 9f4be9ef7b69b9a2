"""The best linear denoiser of a training set, in closed form: class means and one covariance.

A training image x_i of class c is z_i = x_i − μ_c; C = Σ z zᵀ / n is the covariance within classes,
pooled over them and divided by n (not by n less the number of classes). At noise σ the linear map
that undoes the noise with the least expected squared error over the training images (Wiener) is
D = C A, A = (C + σ²I)⁻¹. On an image x̂ of class c, with g = x̂ − μ_c, its expected squared error is

    L(x̂) = E‖μ_c + D(g + σe) − x̂‖² = σ⁴ gᵀA²g + σ² tr D²,  since I − D = σ²A.

σ is where the denoiser keeps a given number of directions, tr D = Σ λ/(λ + σ²).
That trained diffusion models act much like this map at high noise is the finding of Li, Dai & Qu
2024 (arXiv 2410.24060) and Wang & Vastola 2024 (arXiv 2412.09726).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from gmv_core.errors import ModelError, SettingsError
from gmv_core.types import Float64, Floats, Int64

BROAD = 24  # directions that a generator without fine detail has too: docs/influence.md


@dataclass(frozen=True)
class Statistics:
    """What the denoiser needs of a training set.

    counts: (classes,) training images of each. means: (classes, d), 0 for a class without images.
    scatter: (d, d), Σ z zᵀ = n C.
    """

    counts: Int64
    means: Float64
    scatter: Float64

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    def covariances(self, blocks: Int64) -> Float64:
        """Return C of each block, (k, b, b). blocks: (k, b)."""
        found: Float64 = self.scatter[blocks[:, :, None], blocks[:, None]] / self.n
        return found


@dataclass(frozen=True)
class Denoiser:
    """The denoiser of some statistics at noise σ; each block of an image is denoised by itself.

    blocks: (k, b), the numbers of each block, none of them twice: one block for the whole image.
    eigenvalues: (k, b) of each block's C, rising, at least 0. directions: (k, b, b), one a column.
    """

    statistics: Statistics
    sigma: float
    blocks: Int64
    eigenvalues: Float64
    directions: Float64

    @property
    def gains(self) -> Float64:
        """Return the eigenvalues of A, (k, b)."""
        gains: Float64 = 1 / (self.eigenvalues + self.sigma**2)
        return gains

    @property
    def kept(self) -> Float64:
        """Return the eigenvalues of D, (k, b): the share of each direction that is kept."""
        return self.eigenvalues * self.gains

    def split(self, x: Floats) -> Floats:
        """Return images by block, (k, m, b). x: (m, d)."""
        if len(self.blocks) == 1:
            return x[None]
        # take is several times as fast as x[:, blocks], which goes through memory in leaps
        ordered = x.take(self.blocks.ravel(), axis=1).reshape(len(x), *self.blocks.shape)
        return np.moveaxis(ordered, 1, 0)

    def joined(self, parts: Floats) -> Floats:
        """Return what `split` was given, (m, d). parts: (k, m, b)."""
        whole = np.empty((parts.shape[1], self.blocks.size), parts.dtype)
        whole[:, self.blocks] = np.moveaxis(parts, 0, 1)
        return whole

    def along(self, x: Floats, codes: Int64) -> Floats:
        """Return images less their class's mean along the directions, (k, m, b), in x's precision.

        x: (m, d) in 0…1. codes: (m,), their classes.
        """
        z = x - self.statistics.means.astype(x.dtype)[codes]
        return np.asarray(self.split(z) @ self.directions.astype(x.dtype))


def whole(d: int) -> Int64:
    """Return one block of d numbers, (1, d): the whole image."""
    return np.arange(d)[None]


def square_blocks(side_px: int, channels: int, block_px: int) -> Int64:
    """Return the numbers of each square block of an image, (blocks, block_px² · channels).

    Raises SettingsError where the blocks do not tile an image of side_px.
    """
    if side_px % block_px:
        raise SettingsError(
            f"Images of {side_px} px cannot be cut into blocks of {block_px} px; "
            f"give a side that {block_px} divides."
        )
    many = side_px // block_px
    numbers = np.arange(side_px**2 * channels).reshape(many, block_px, many, block_px, channels)
    return numbers.transpose(0, 2, 1, 3, 4).reshape(many**2, -1)


def statistics(blocks: Iterable[tuple[Floats, Int64]], classes: int) -> Statistics:
    """Measure a training set in one pass.

    blocks: images (b, d) in 0…1 and their classes (b,) in 0…classes − 1. Raises ModelError where
    there is no image. Merged block by block around each class's own mean (Chan et al. 1983), since
    raw moments would cancel.
    """
    found: Statistics | None = None
    for x, codes in blocks:
        found = _merged(found, np.asarray(x, np.float64), codes, classes)
    if found is None or found.n == 0:
        raise ModelError("Influence needs training images and there are 0; build the set again.")
    return found


def _merged(found: Statistics | None, x: Float64, codes: Int64, classes: int) -> Statistics:
    d = x.shape[1]
    if found is None:
        found = Statistics(np.zeros(classes, np.int64), np.zeros((classes, d)), np.zeros((d, d)))
    own, counts, sums = _class_sums(x, codes)
    z = x - (sums / counts[:, None])[np.searchsorted(own, codes)]
    before = found.counts[own]
    step = sums / counts[:, None] - found.means[own]
    between = step * (counts * before / (counts + before))[:, None]
    means, total = found.means.copy(), found.counts.copy()
    means[own] += step * (counts / (counts + before))[:, None]
    total[own] += counts
    return Statistics(total, means, found.scatter + z.T @ z + step.T @ between)


def _class_sums(x: Float64, codes: Int64) -> tuple[Int64, Int64, Float64]:
    """Return the classes that occur, how often, and the sum of each one's rows."""
    order = np.argsort(codes, kind="stable")
    own, first, counts = np.unique(codes[order], return_index=True, return_counts=True)
    return own, counts, np.add.reduceat(x[order], first, axis=0) if len(x) else x


def left_out(found: Statistics, x: Floats, codes: Int64) -> Statistics:
    """Return the statistics of the set without some of its images, exactly, by down-dating.

    x: (k, d), codes: (k,), of the images that go. With t the sum of a class's z that go and r how
    many of the class remain, its mean moves by −t/r and the scatter falls by Σ z zᵀ + t tᵀ/r.
    Raises ModelError where no image would remain.
    """
    if not len(x):
        return found
    z = np.asarray(x, np.float64) - found.means[codes]
    own, counts, sums = _class_sums(z, codes)
    remaining = found.counts.copy()
    remaining[own] -= counts
    if remaining.sum() == 0:
        raise ModelError("No training image would remain; leave out fewer.")
    some = remaining[own] > 0
    shift = np.divide(sums, remaining[own][:, None], out=np.zeros_like(sums), where=some[:, None])
    means = found.means.copy()
    means[own] -= shift
    means[own[~some]] = 0
    return Statistics(remaining, means, found.scatter - z.T @ z - shift.T @ sums)


def denoiser(
    found: Statistics,
    *,
    kept: float = BROAD,
    sigma: float | None = None,
    blocks: Int64 | None = None,
) -> Denoiser:
    """Return the best linear denoiser that keeps `kept` directions, or that of a given σ.

    blocks: (k, b), denoised apart from each other, each keeping `kept` on average; by default the
    whole image is one. Raises ModelError where the images of each class are all equal.
    """
    blocks = whole(len(found.scatter)) if blocks is None else blocks
    values, directions = np.linalg.eigh(found.covariances(blocks))
    values = np.maximum(values, 0)
    if sigma is None:
        sigma = noise_level(values, kept * len(blocks))
    return Denoiser(found, sigma, blocks, values, directions)


def keeping(made: Denoiser, kept: float) -> Denoiser:
    """Return the denoiser of the same statistics that keeps another number of directions."""
    return replace(made, sigma=noise_level(made.eigenvalues, kept * len(made.blocks)))


def noise_level(eigenvalues: Float64, kept: float = BROAD) -> float:
    """Return the σ at which tr D = Σ λ/(λ + σ²) is `kept`.

    eigenvalues: of C, of any shape. tr D is below the number r of those above 0; where r ≤ 2·kept,
    σ is that of tr D = r/2. Raises ModelError where r is 0.
    """
    from scipy.optimize import brentq

    largest = float(eigenvalues.max(initial=0))
    positive = eigenvalues[eigenvalues > eigenvalues.size * np.finfo(np.float64).eps * largest]
    if not len(positive):
        raise ModelError(
            "Influence needs training images that differ within a class, and none do; "
            "give more images, or labels that several of them share."
        )
    wanted = min(kept, len(positive) / 2)
    low = np.log(positive.min()) - np.log(len(positive))
    high = np.log(positive.sum() / wanted)

    def beyond(log_squared: float) -> float:
        return float((positive / (positive + np.exp(log_squared))).sum() - wanted)

    return float(np.exp(brentq(beyond, low, high, xtol=1e-14) / 2))


def losses(made: Denoiser, x: Floats, codes: Int64) -> Float64:
    """Return L of each image, (m,): the denoiser's expected squared error.

    x: (m, d) in 0…1. codes: (m,), their classes.
    """
    along = made.along(np.asarray(x, np.float64), codes) * made.gains[:, None]
    loss: Float64 = made.sigma**4 * (along**2).sum((0, 2)) + made.sigma**2 * (made.kept**2).sum()
    return loss


def refitted_losses(made: Denoiser, found: Statistics, x: Floats, codes: Int64) -> Float64:
    """Return L of each image under the denoiser of other statistics, same σ and blocks, (m,).

    From A itself: without eigenvalues it takes a tenth of the time of `denoiser`.
    """
    unit = np.eye(made.blocks.shape[1])
    a = np.linalg.inv(found.covariances(made.blocks) + made.sigma**2 * unit)
    error = made.split(np.asarray(x, np.float64) - found.means[codes]) @ a
    kept = unit - made.sigma**2 * a
    loss: Float64 = made.sigma**4 * (error**2).sum((0, 2)) + made.sigma**2 * (kept**2).sum()
    return loss


def nearest_classes(found: Statistics, x: Floats) -> Int64:
    """Return the class whose mean is nearest to each of (m, d) images, of those with images."""
    there = np.flatnonzero(found.counts)
    means = found.means[there]
    squared = (means**2).sum(1) - 2 * np.asarray(x, np.float64) @ means.T
    nearest: Int64 = there[np.argmin(squared, axis=1)]
    return nearest
