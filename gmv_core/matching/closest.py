"""How far generated images are from training images in plain pixels.

From their first candidates, and from those that are the nearest of all by their thumbnails.

Networks see garments of one kind as nearly the same; their pixels tell a copy that was saved again
from a stranger. The distance is the root of the mean squared difference at 16 px, in 0 … 1.

A candidate that is a near copy of one before it is told apart. Else a copy of what stands five
times in the training set would be no closer to one than to the next ones, which are that image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gmv_core.sets.pixels import PixelForm, pixel_table, small_pixels
from gmv_core.store.columns import matrix, previews_of
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float32, Int64, UInt8

CLOSEST = 20  # candidates of each image that are looked at
FORM = PixelForm(16, grey=False)
COPY, OF_USUAL = 0.2, 0.9  # near copies: this share of that quantile of distances among candidates
TOGETHER = 64  # images compared at once: 4 MB of pixels


@dataclass
class SmallPixels:
    """Small pixels of training images; each preview is decoded once.

    stored: in which form the set keeps those of all its images, at the side of FORM; None: it does
    not, and previews are decoded.
    """

    images: ImageSet
    stored: PixelForm | None = None
    kept: dict[int, UInt8] = field(default_factory=dict)

    def keep(self, rows: Int64, previews: Sequence[UInt8]) -> None:
        """Keep the pixels of previews that were decoded for something else."""
        for row, preview in zip(rows.tolist(), previews, strict=True):
            self.kept[row] = small_pixels(preview, FORM)

    def of(self, rows: Int64) -> Float32:
        """Return the pixels of rows, (c, d) in 0 … 1."""
        missing = np.array([row for row in rows.tolist() if row not in self.kept], np.int64)
        if self.stored is not None and len(missing):
            found = _stored(self.images, self.stored, missing)
            self.kept.update(zip(missing.tolist(), found, strict=True))
        elif len(missing):
            for some in np.array_split(missing, -(-len(missing) // TOGETHER)):
                self.keep(some, previews_of(self.images, some))
        return _scaled([self.kept[row] for row in rows.tolist()])


def _stored(images: ImageSet, form: PixelForm, rows: Int64) -> UInt8:
    stored: UInt8 = matrix(pixel_table(images, form).take(rows, ["pixels"])["pixels"])
    return np.repeat(stored, FORM.size // form.size, axis=1)  # grey: the same in all colours


def _scaled(pixels: Sequence[UInt8]) -> Float32:
    scaled: Float32 = np.stack(pixels) * np.float32(1 / 255)
    return scaled


def pixel_distances(previews: Sequence[UInt8], candidates: Int64, training: SmallPixels) -> Float32:
    """Return the distances of m images to their first candidates, (m, P), P at most CLOSEST.

    previews: of the m images. candidates: (m, R) training rows, −1 for none. inf for none, nan for
    a candidate that is a near copy of one before it on the list.
    """
    first = candidates[:, :CLOSEST]
    return _measured(previews, first, training, rising=False)[1]


def nearest_in_pixels(
    previews: Sequence[UInt8], rows: Int64, training: SmallPixels
) -> tuple[Int64, Float32]:
    """Return training rows (m, P) in the order of their distances to m images, and these.

    rows: −1 for none, which come last. Distances are as those of `pixel_distances`.
    """
    return _measured(previews, rows, training, rising=True)


def _measured(
    previews: Sequence[UInt8], rows: Int64, training: SmallPixels, *, rising: bool
) -> tuple[Int64, Float32]:
    parts = [
        _part(previews[start : start + TOGETHER], rows[start : start + TOGETHER], training, rising)
        for start in range(0, len(rows), TOGETHER)
    ]
    if not parts:
        return rows, np.empty(rows.shape, np.float32)
    ordered, apart = (np.concatenate(part) for part in zip(*parts, strict=True))
    return ordered, apart


def _part(
    previews: Sequence[UInt8], candidates: Int64, training: SmallPixels, rising: bool
) -> tuple[Int64, Float32]:
    there = candidates >= 0
    if not there.any():
        return candidates, np.full(candidates.shape, np.inf, np.float32)
    rows, at = np.unique(candidates[there], return_inverse=True)
    y = np.zeros((*candidates.shape, FORM.size), np.float32)  # (m, P, d)
    y[there] = training.of(rows)[at]
    x = _scaled([small_pixels(preview, FORM) for preview in previews])[:, None]  # (m, 1, d)
    apart: Float32 = np.where(there, np.sqrt(((x - y) ** 2).mean(axis=2)), np.float32(np.inf))
    if rising:
        order = np.argsort(apart, axis=1, kind="stable")
        candidates = np.take_along_axis(candidates, order, 1)
        apart, there = np.take_along_axis(apart, order, 1), np.take_along_axis(there, order, 1)
        y = np.take_along_axis(y, order[:, :, None], 1)
    apart[_repeated(_among(y), there[:, :, None] & there[:, None, :])] = np.nan
    return candidates, apart


def _among(y: Float32) -> Float32:
    """Return the distances of the rows of (m, P, d) blocks to each other, (m, P, P)."""
    lengths = np.einsum("mpd,mpd->mp", y, y)
    squared = lengths[:, :, None] + lengths[:, None] - 2 * (y @ y.transpose(0, 2, 1))
    among: Float32 = np.sqrt(np.maximum(squared, 0) / np.float32(y.shape[2]))
    return among


def _repeated(among: Float32, both: np.ndarray) -> np.ndarray:
    """Return which of P candidates are near copies of one before them, (m, P) bool.

    among: (m, P, P) distances. both: which two of them are there. What is usual is taken from far
    up, for most of the candidates may be copies of one image.
    """
    earlier = np.tril(np.ones(among.shape[1:], bool), -1) & both
    pairs = np.where(earlier, among, np.nan)
    some = earlier.any(axis=(1, 2))
    limit = np.zeros(len(among))
    limit[some] = COPY * np.nanquantile(pairs[some], OF_USUAL, axis=(1, 2))
    repeated: np.ndarray = (earlier & (among <= limit[:, None, None])).any(axis=2)
    return repeated
