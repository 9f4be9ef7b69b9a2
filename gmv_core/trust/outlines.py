"""Which pairs cannot be near copies: told from a few numbers of each image, kept in memory.

Of pixels without their mean and of unit length, 1 − r of two images is half the squared distance,
and what is left of two vectors along orthonormal directions is never farther apart than they are.
The directions are the sums over PARTS × PARTS equal squares. So no near copy is passed over; among
a million images that all have near neighbours, hardly a pair is left to be held against its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.sets.pixels import PixelForm, pixel_blocks
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float32, Int64

PARTS = 4  # a side
ROUNDING = 1e-3  # of a distance: each end, of unit length at most, is rounded by 2⁻¹¹ of itself


@dataclass(frozen=True)
class Outlines:
    """Of each row of a set, (n, d) in half precision: 32 bytes an image in grey, 96 in colour."""

    of: np.ndarray

    def may_be_alike(self, a: Int64, b: Int64, limit: float) -> np.ndarray:
        """Return which pairs of rows (c,) may have 1 − r ≤ limit; the others have not."""
        apart = np.linalg.norm(self.of[a].astype(np.float32) - self.of[b], axis=1)
        alike: np.ndarray = np.maximum(apart - ROUNDING, 0) ** 2 / 2 <= limit
        return alike


def outlines(images: ImageSet, form: PixelForm) -> Outlines:
    """Return the outlines of a set whose small pixels are stored; a rejected image has zeros."""
    found = np.zeros((len(images.images), form.size // (form.side_px // PARTS) ** 2), np.float16)
    for rows, pixels in pixel_blocks(images, form):
        found[rows] = outline(pixels, form)
    return Outlines(found)


def outline(pixels: Float32, form: PixelForm) -> Float32:
    """Return the outlines of small pixels (b, form.size) in 0…1; of one colour alone, zeros."""
    centred = pixels - pixels.mean(axis=1, keepdims=True, dtype=np.float64)
    length = np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-6)
    width = form.side_px // PARTS
    squares = unit.reshape(len(pixels), PARTS, width, PARTS, width, -1).sum(axis=(2, 4)) / width
    made: Float32 = squares.reshape(len(pixels), -1).astype(np.float32)
    return made
