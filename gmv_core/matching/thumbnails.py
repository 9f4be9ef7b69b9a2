"""Thumbnails of a whole training set in memory, among which those nearest to an image are found.

A copy with noise on it has other neighbours than its source in every network; in plain pixels at a
small side the source is still the nearest image of all. The search is exact: the numbers are whole
and small enough to be added up without rounding, so an image finds the same rows in any company.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gmv_core.matching.closest import CLOSEST
from gmv_core.method.clusters import nearest_clusters
from gmv_core.method.recall import Neighbours, exact_search
from gmv_core.sets.pixels import PixelForm, ensure_pixels, pixel_form, pixel_table, small_pixels
from gmv_core.store.columns import matrix, statuses
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float32, Int64, Report, UInt8, silent

SIDE_PX = 8
STORED_PX = 16  # of the small pixels that are kept with a set, see sets/pixels.py
BLOCK = 1 << 16  # thumbnails in single precision at once: 50 MB in colour
MOST_BYTES = 1 << 30  # of thumbnails in memory: 5.6 million images in colour, 16.8 in grey
MIDDLE = 128  # taken off, so that no squared distance within reach exceeds 2²⁴


@dataclass(frozen=True)
class Thumbnails:
    """The thumbnails of a set's images, 64 bytes each in grey and 192 in colour.

    form: of the stored small pixels that they were averaged from. rows: (n,) rising, those that
    were not rejected. pixels: (n, d).
    """

    form: PixelForm
    rows: Int64
    pixels: UInt8

    def __len__(self) -> int:
        return len(self.rows)

    def of_previews(self, previews: Sequence[UInt8]) -> Float32:
        """Return what to search with for m previews (h, w, 3), (m, d)."""
        return _whole(_averaged(np.stack([small_pixels(p, self.form) for p in previews])))

    def of_rows(self, rows: Int64) -> Float32:
        """Return the same of training images, (c, d)."""
        return _whole(self.pixels[np.searchsorted(self.rows, rows)])

    def search(self, queries: Float32, k: int) -> Neighbours:
        """Return the k training images of the nearest thumbnails; ties go to the smaller row."""
        return exact_search(queries, self._blocks(), k=min(k, len(self)))

    def nearest(self, previews: Sequence[UInt8], clusters: Int64 | None = None) -> Int64:
        """Return the training rows of the nearest thumbnails, (m, CLOSEST), −1 for none.

        clusters: (n,) the first row of each image's, which then stands for all of it.
        """
        queries = self.of_previews(previews)
        if clusters is None:
            return padded(self.search(queries, CLOSEST).ids)
        found = nearest_clusters(
            self.search, queries, clusters, self.of_rows, k=CLOSEST, n=len(self)
        )
        return padded(found.ids)

    def _blocks(self) -> Iterator[tuple[Int64, Float32]]:
        for first in range(0, len(self), BLOCK):
            some = slice(first, first + BLOCK)
            yield self.rows[some], _whole(self.pixels[some])


def padded(rows: Int64) -> Int64:
    """Return the first CLOSEST training rows of m lists, (m, CLOSEST), −1 where there are fewer."""
    wide = np.full((len(rows), CLOSEST), -1, np.int64)
    wide[:, : rows.shape[1]] = rows[:, :CLOSEST]
    return wide


def ensure_thumbnails(images: ImageSet, report: Report = silent) -> None:
    """Store the small pixels that thumbnails are made of, unless there are too many images."""
    form = pixel_form(images, STORED_PX)
    if _bytes(form) * len(images.images) <= MOST_BYTES:
        ensure_pixels(images, form, report)


def load_thumbnails(images: ImageSet) -> Thumbnails | None:
    """Read the thumbnails of a set; None where its small pixels are not all stored, or too many."""
    form = pixel_form(images, STORED_PX)
    table, fine = pixel_table(images, form), statuses(images)
    size = _bytes(form)
    if not len(fine) or size * len(fine) > MOST_BYTES or len(table) < len(fine):
        return None
    pixels = np.empty((int(fine.sum()), size), np.uint8)
    done = 0
    for batch in table.batches(["id", "pixels"]):
        some = _averaged(matrix(batch["pixels"])[fine[batch["id"].to_numpy()]])
        pixels[done : done + len(some)] = some
        done += len(some)
    return Thumbnails(form, np.flatnonzero(fine), pixels)


def _bytes(form: PixelForm) -> int:
    return form.size // (STORED_PX // SIDE_PX) ** 2


def _averaged(small: UInt8) -> UInt8:
    """Average small pixels (b, STORED_PX²·c) to thumbnails (b, SIDE_PX²·c)."""
    step = STORED_PX // SIDE_PX
    parts = small.reshape(len(small), SIDE_PX, step, SIDE_PX, step, -1)
    summed = parts.sum(axis=(2, 4), dtype=np.uint16)
    averaged: UInt8 = ((summed + step**2 // 2) // step**2).astype(np.uint8)
    return averaged.reshape(len(small), -1)


def _whole(thumbnails: UInt8) -> Float32:
    whole = thumbnails.astype(np.float32)
    whole -= MIDDLE
    return whole
