"""An image at a small square side by area averaging: every pixel counts by how much of it is in."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gmv_core.types import Float32, UInt8


def area_average(pixels: UInt8, side_px: int) -> Float32:
    """Return an image of any shape as (side_px, side_px, c) float32 in 0…255.

    pixels: (h, w, c) uint8. An image that is not square is squeezed; a smaller one keeps its
    pixels, larger. Pillow's BOX filter takes whole pixels only, and so differs at 28 → 16.
    """
    h, w, c = pixels.shape
    down = _overlaps(h, side_px) @ pixels.reshape(h, w * c)  # (side, w·c)
    across = down.reshape(side_px, w, c).transpose(0, 2, 1) @ _overlaps(w, side_px).T
    averaged: Float32 = np.ascontiguousarray(across.transpose(0, 2, 1))
    return averaged


@lru_cache(maxsize=64)
def _overlaps(of: int, into: int) -> Float32:
    """Return what each of `of` pixels counts for in each of `into` equal parts; rows add to 1."""
    edges = np.arange(into + 1) * (of / into)
    start, end = edges[:-1, None], edges[1:, None]
    pixel = np.arange(of)
    shared = np.clip(np.minimum(end, pixel + 1) - np.maximum(start, pixel), 0, None)
    weights: Float32 = (shared * (into / of)).astype(np.float32)
    weights.setflags(write=False)  # every caller gets the same one
    return weights
