"""The pixels of a set at one small side, averaged from its previews and stored once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.errors import WorkspaceError
from gmv_core.images.area import area_average
from gmv_core.store.columns import fixed, matrix, previews_of, statuses
from gmv_core.store.tables.damage import drop_damaged
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, Float32, Int64, Progress, Report, UInt8, silent

COMMIT_ROWS = 1024
BLOCK = 4096  # images read at once: 50 MB at 32 px in colour
FEW = 128  # of them handed on at once where each meets little work: they stay in the cache


@dataclass(frozen=True)
class PixelForm:
    """Square images of side_px, in grey or in colour."""

    side_px: int
    grey: bool

    @property
    def key(self) -> str:
        return f"{self.side_px}-{'grey' if self.grey else 'colour'}"

    @property
    def size(self) -> int:
        """Return how many numbers an image has."""
        return self.side_px**2 * (1 if self.grey else 3)


def pixel_form(images: ImageSet, side_px: int) -> PixelForm:
    """Return grey where every image of the set that could be read is grey."""
    table = images.images.read(["status", "is_grey"])
    grey = pc.all(table.filter(pc.equal(table["status"], OK))["is_grey"]).as_py()
    return PixelForm(side_px, bool(grey))


def pixel_table(images: ImageSet, form: PixelForm) -> Table:
    return images.table(f"pixels-{form.key}")


def ensure_pixels(images: ImageSet, form: PixelForm, report: Report = silent) -> None:
    """Append the rows that the set's table of this form lacks, from its previews.

    One row an image, rounded to 1/255; a rejected one has zeros.
    """
    table, total = pixel_table(images, form), len(images.images)
    drop_damaged(table)
    for first in range(len(table), total, COMMIT_ROWS):
        rows = np.arange(first, min(first + COMMIT_ROWS, total))
        small = np.stack([small_pixels(p, form) for p in previews_of(images, rows)])
        table.append(pa.table({"id": rows, "pixels": fixed(small)}))
        report(Progress("pixels", int(rows[-1]) + 1, total))
    table.tidy()


def require_pixels(images: ImageSet, form: PixelForm) -> None:
    """Raise WorkspaceError where the set's table of this form lacks rows, as after a new build."""
    if len(pixel_table(images, form)) < len(images.images):
        raise WorkspaceError(
            f"The small pixels of {images.name!r} are not there, since it was built again; "
            "`influence` with the run's name makes them."
        )


def small_pixels(pixels: UInt8, form: PixelForm) -> UInt8:
    """Return one image as (form.size,) uint8. pixels: (h, w, 3) uint8."""
    if form.grey and (pixels[..., :1] == pixels).all():
        pixels = pixels[..., :1]
    averaged = area_average(pixels, form.side_px)
    if form.grey and averaged.shape[2] > 1:
        averaged = averaged.mean(axis=2)
    flat: UInt8 = np.rint(averaged).astype(np.uint8).reshape(-1)
    return flat


def pixel_blocks(
    images: ImageSet, form: PixelForm, *, start: int = 0, size: int = BLOCK
) -> Iterator[tuple[Int64, Float32]]:
    """Yield (row ids, pixels (b, d) float32 in 0…1) of images that are not rejected, in order.

    size: images at once, at most BLOCK. Raises WorkspaceError where `ensure_pixels` has to be
    called first.
    """
    require_pixels(images, form)
    fine = statuses(images)
    for batch in pixel_table(images, form).batches(["id", "pixels"], start=start, size=BLOCK):
        ids, pixels = batch["id"].to_numpy(), matrix(batch["pixels"])
        for first in range(0, len(ids), size):
            some = slice(first, first + size)
            kept = fine[ids[some]]
            yield ids[some][kept], pixels[some][kept] * np.float32(1 / 255)


def pixels_of_rows(images: ImageSet, form: PixelForm, rows: Int64) -> Float32:
    """Return the stored pixels of rows, (c, d) float32 in 0…1; raises as `pixel_blocks` does."""
    require_pixels(images, form)
    stored = matrix(pixel_table(images, form).take(rows, ["pixels"])["pixels"])
    found: Float32 = stored * np.float32(1 / 255)
    return found
