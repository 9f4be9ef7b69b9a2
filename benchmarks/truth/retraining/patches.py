"""Patch posteriors (Zhao et al. 2025, arXiv 2510.14269) as rivals, each a matrix (m, n).

`patch_matrix` is the score that `gmv regions` shows, with the paper's noise and over all n training
images instead of the recalled ones. Two ablations vary what the score is made of: the nearest patch
without a softmax over the training images, and the softmax over whole images, which is the same
with one patch.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.kit.data import Images
from gmv_core.method.patches import PatchForm, evidence, nearest, posterior, with_noise
from gmv_core.sets.pixels import PixelForm, small_pixels
from gmv_core.types import Float32, Float64

PATCHES = "patch posterior"
NAIVE = "nearest patches, no softmax"
WHOLE = "whole image softmax"
SIDE_PX = 32
BLOCK = 25  # generated images at once: (25, P, n) numbers of single precision


def patch_matrix(
    training: Images,
    generated: Images,
    *,
    form: PatchForm | None = None,
    side_px: int = SIDE_PX,
    seed: int = 0,
) -> Float64:
    """Return the mean posterior over positions, (m, n); rows add up to 1. seed: of the noise."""
    form = form or PatchForm()
    x, g = _squares(training, side_px), _squares(generated, side_px)
    parts = []
    for start in range(0, len(g), BLOCK):
        noisy = with_noise(g[start : start + BLOCK], form.sigma, seed=seed)
        parts.append(posterior(evidence(noisy, x, form)).mean(axis=1))
    return np.concatenate(parts).astype(np.float64)


def naive_matrix(
    training: Images, generated: Images, *, form: PatchForm | None = None, side_px: int = SIDE_PX
) -> Float64:
    """Return minus the mean squared distance to each training image's nearest patches, (m, n)."""
    form = form or PatchForm()
    x, g = _squares(training, side_px), _squares(generated, side_px)
    parts = [
        -nearest(g[start : start + BLOCK], x, form).mean(axis=1)
        for start in range(0, len(g), BLOCK)
    ]
    return np.concatenate(parts).astype(np.float64)


def whole_matrix(
    training: Images,
    generated: Images,
    *,
    sigma: float = PatchForm.sigma,
    side_px: int = SIDE_PX,
    seed: int = 0,
) -> Float64:
    """Return the posterior of whole images, (m, n): one patch of the image's own side."""
    form = replace(PatchForm(), patch_px=side_px, sigma=sigma)
    return patch_matrix(training, generated, form=form, side_px=side_px, seed=seed)


def patch_matrices(training: Images, generated: Images, *, seed: int = 0) -> dict[str, Float64]:
    """Return the rival and its two ablations, by name."""
    return {
        PATCHES: patch_matrix(training, generated, seed=seed),
        NAIVE: naive_matrix(training, generated),
        WHOLE: whole_matrix(training, generated, seed=seed),
    }


def _squares(images: Images, side_px: int) -> Float32:
    """Return images as the product stores them, (n, side_px, side_px, c) in 0…1."""
    form = PixelForm(side_px, images.pixels.shape[-1] == 1)
    flat = np.stack([small_pixels(pixels, form) for pixels in images.pixels])
    return flat.reshape(len(flat), side_px, side_px, -1).astype(np.float32) / 255
