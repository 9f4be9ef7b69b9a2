"""Patch posterior: which training image explains each region of a generated image best.

After Zhao et al. 2025, *Nonparametric Data Attribution for Diffusion Models* (arXiv 2510.14269),
which reads attribution off the optimal score of a diffusion model that sees patches alone (Kamb &
Ganguli 2025, arXiv 2412.20292). Let y = x̂ + σe be the noisy generated image, y_v its patch at
position v and x_iu the patch of training image i at position u. The posterior that y_v was made
from a patch of i is

    w_v(i) = Σ_u exp(−‖y_v − x_iu‖²/2σ²) / Σ_i' Σ_u' exp(−‖y_v − x_i'u'‖²/2σ²),

and the score of i is its sum over v. From the paper: noise on the generated image alone, one draw
e for all images, the softmax over all positions of all training images, patches of about 7 px of
32 at t = 100 of 1,000 of the linear schedule, where the noise is σ = 0.17 of pixels in 0…1 (the
paper's y is √ᾱ times this one, its noise √(1 − ᾱ); the posterior is the same).
Chosen here: patches of 8 px every 2 px, which cover a square of an even side exactly; patches that
lie inside the image alone, where the paper pads and lets borders match borders; one scale; all
positions, where the paper keeps the best K of an image; and the score divided by the number of
positions, so that the scores of a generated image add up to 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gmv_core.errors import SettingsError
from gmv_core.types import Float32, Int64, UInt8

ROWS = 16_384  # images whose quadrants are compared at once: 13 MB of 8 px in colour
TILE = 32  # training images at once: their products with one generated image stay in the cache


@dataclass(frozen=True)
class PatchForm:
    """patch_px: side of a square patch. stride_px: to the next one. sigma: of pixels in 0…1."""

    patch_px: int = 8
    stride_px: int = 2
    sigma: float = 0.17

    def positions(self, side_px: int) -> int:
        """Return how many patches a square image has along a side.

        Raises SettingsError where a patch is larger than the image.
        """
        if self.patch_px > side_px:
            raise SettingsError(
                f"A patch of {self.patch_px} px does not fit an image of {side_px} px; "
                "give smaller patches."
            )
        return (side_px - self.patch_px) // self.stride_px + 1


def patches(images: Float32, form: PatchForm) -> Float32:
    """Return the patches of square images, (n, positions², patch_px²·c), row by row.

    images: (n, s, s, c).
    """
    p, step, count = form.patch_px, form.stride_px, form.positions(images.shape[1])
    windows = np.lib.stride_tricks.sliding_window_view(images, (p, p), axis=(1, 2))
    found: Float32 = windows[:, ::step, ::step].reshape(len(images), count**2, -1)
    return found


def with_noise(images: Float32, sigma: float, *, seed: int) -> Float32:
    """Return images (m, s, s, c) with the same Gaussian noise on each, whatever their number."""
    drawn = np.random.default_rng(seed).standard_normal(images.shape[1:], dtype=np.float32)
    noisy: Float32 = images + np.float32(sigma) * drawn
    return noisy


def evidence(
    generated: Float32, training: Float32, form: PatchForm, *, step_px: int | None = None
) -> Float32:
    """Return log Σ_u exp(−‖y_v − x_iu‖²/2σ²) of every position and training image, (m, P, n).

    generated: (m, s, s, c), noisy. training: (n, s, s, c). Both in 0…1. step_px: from one training
    patch to the next, by default that of the form. Each v's are given but for a constant, which no
    posterior depends on.
    """
    found = np.empty((len(generated), form.positions(generated.shape[1]) ** 2, len(training)),
                     np.float32)  # fmt: skip
    for j, these, logits in _logits(generated, training, form, step_px or form.stride_px):
        peak = logits.max(axis=2)
        logits -= peak[..., None]
        np.exp(logits, out=logits)
        found[j, :, these] = np.log(logits.sum(axis=2)) + peak
    return found


def nearest(generated: Float32, training: Float32, form: PatchForm) -> Float32:
    """Return min_u ‖x̂_v − x_iu‖² of every position and training image, (m, P, n).

    The same without softmax, and without noise where none was added: the naive reading.
    """
    own = ((patches(generated, form) - 0.5) ** 2).sum(axis=2)
    found = np.empty((*own.shape, len(training)), np.float32)
    for j, these, logits in _logits(generated, training, form, form.stride_px):
        found[j, :, these] = own[j][:, None] - 2 * form.sigma**2 * logits.max(axis=2)
    return np.maximum(found, 0)


def _logits(
    generated: Float32, training: Float32, form: PatchForm, step_px: int
) -> Iterator[tuple[int, slice, Float32]]:
    """Yield (generated image, training images, (‖y_v‖² − ‖y_v − x_iu‖²)/2σ² as (P, b, Q))."""
    scale = np.float32(1 / form.sigma**2)
    own = patches(generated - np.float32(0.5), form)  # centred: the norms below cancel less
    own = np.concatenate([own * scale, np.ones((*own.shape[:2], 1), np.float32)], axis=2)
    for start in range(0, len(training), TILE):
        these = slice(start, min(start + TILE, len(training)))
        x = patches(training[these] - np.float32(0.5), replace(form, stride_px=step_px))
        half = np.einsum("bpd,bpd->bp", x, x)[..., None] * (-scale / 2)
        flat = np.concatenate([x, half], axis=2).reshape(-1, own.shape[2])
        for j, y in enumerate(own):
            yield j, these, (y @ flat.T).reshape(len(y), len(x), -1)


def posterior(found: Float32) -> Float32:
    """Return w_v(i), (m, P, n), whose rows add up to 1. found: what `evidence` returned."""
    weights: Float32 = np.exp(found - found.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    return weights


def by_cell(weights: Float32, form: PatchForm, side_px: int) -> Float32:
    """Return the mean posterior of the patches that cover each cell, (cells, cells, n).

    weights: (P, n), of one image of side_px; a cell is stride_px wide, and a patch must be a whole
    number of cells. A cell that no patch covers has 0.
    """
    count, across = form.positions(side_px), form.patch_px // form.stride_px
    cells = side_px // form.stride_px
    grid = weights.reshape(count, count, -1)
    total, covered = np.zeros((cells, cells, grid.shape[2]), np.float32), np.zeros((cells, cells))
    for row in range(across):
        for column in range(across):
            there = slice(row, row + count), slice(column, column + count)
            total[there] += grid
            covered[there] += 1
    total /= np.maximum(covered, 1)[..., None].astype(np.float32)
    return total


def likeliest(found: Float32, count: int) -> Int64:
    """Return the images that come nearest to explaining some position best, (count,), rising.

    found: (P, n), higher is likelier: of `evidence`, or minus that of `nearest`, which takes no
    exponentials and chooses nearly the same images. Each position's is held against its best
    image's, in logarithms, since posteriors of all but the best few are 0 in single precision.
    """
    behind = (found - found.max(axis=1, keepdims=True)).max(axis=0)
    count = min(count, len(behind))
    chosen: Int64 = np.sort(np.argpartition(-behind, count - 1)[:count])
    return chosen


def quadrant_distances(generated: UInt8, training: UInt8) -> Float32:
    """Return the squared distance of each quadrant, in place, (4, n), for the recall of regions.

    Upper left, upper right, lower left, lower right; the least of several ways of looking at the
    generated image. generated: (ways, s, s, c), s even. training: (n, s, s, c). Exact while
    s²c < 1,000: single precision holds such whole numbers.
    """
    ways, s, _, c = generated.shape
    quadrant = np.arange(s) // (s // 2)
    within = np.equal.outer(2 * quadrant[:, None] + quadrant, np.arange(4))  # (s, s, 4)
    chosen = np.repeat(within.reshape(s * s, 4), c, axis=0).astype(np.float32)
    own = generated.reshape(ways, -1).astype(np.float32)
    probes = (own[:, :, None] * chosen).transpose(1, 0, 2).reshape(-1, ways * 4)
    found = np.empty((4, len(training)), np.float32)
    for start in range(0, len(training), ROWS):
        x = training[start : start + ROWS].reshape(-1, s * s * c).astype(np.float32)
        cross = (x @ probes).reshape(-1, ways, 4)
        norms = np.square(x, out=x) @ chosen
        squared = norms[:, None] + own**2 @ chosen - 2 * cross
        found[:, start : start + ROWS] = squared.min(axis=1).T
    return found
