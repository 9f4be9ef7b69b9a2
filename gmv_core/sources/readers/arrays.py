"""Arrays of images, one row an image: what `.npz` and IDX files share.

Rows are streamed, never loaded as a whole. A row becomes a binary PGM or PPM file, which is
lossless and the same every time.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from gmv_core.errors import SourceError
from gmv_core.sources.source import MAX_FILE_BYTES, MAX_MEMBERS, Source, files_digest
from gmv_core.types import SourceImage, UInt8

CHUNK_BYTES = 1 << 16
MAX_ROW_BYTES = 128_000_000  # of an image: 6,500 × 6,500 in colour
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True)
class ArrayRows:
    """An array of uint8 images inside a file.

    shape: (n, h, w) or (n, h, w, c); (n, c, h, w) where `planar`.
    open_at: opens the file at an offset in bytes, counted from the first pixel.
    name: what a row's name begins with.
    """

    shape: tuple[int, ...]
    planar: bool
    open_at: Callable[[int], IO[bytes]]
    name: str

    def read(self, start: int, labels: Sequence[str]) -> Iterator[SourceImage]:
        """Yield the rows from `start` on; where the file breaks off, the rest are errors."""
        if start >= self.shape[0]:
            return
        size_bytes = math.prod(self.shape[1:])
        error = ""
        with self.open_at(start * size_bytes) as file:
            for row in range(start, self.shape[0]):
                data = b""
                if not error:
                    data, error = _read_row(file, size_bytes, row == self.shape[0] - 1)
                image = b"" if error else self._as_file(data)
                label = labels[row] if labels else ""
                yield SourceImage(f"{self.name}/{row:06d}", image, label=label, error=error)

    def _as_file(self, data: bytes) -> bytes:
        pixels = np.frombuffer(data, np.uint8).reshape(self.shape[1:])
        return netpbm(np.moveaxis(pixels, 0, -1) if self.planar else pixels)


@dataclass(frozen=True)
class LabelTexts(Sequence[str]):
    """Labels of an array (n,) as texts, made when they are asked for; "" for nan."""

    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, row: int) -> str:  # type: ignore[override]  # no slices
        value = self.values[row].item()
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return "" if value != value else str(value)


def _read_row(file: IO[bytes], size_bytes: int, is_last: bool) -> tuple[bytes, str]:
    """Return a row's bytes and "", or why there are none."""
    try:
        data = file.read(size_bytes)
        if is_last:
            _read_on(file)
    except BROKEN as error:
        return b"", f"the file is damaged here or before ({error})"
    return data, "" if len(data) == size_bytes else "the file breaks off before this row"


def _read_on(file: IO[bytes]) -> None:
    """Read to the end, where a compressed file checks its checksum, or MAX_FILE_BYTES further.

    Damaged bytes may unpack to more than there were.
    """
    for _ in range(MAX_FILE_BYTES // CHUNK_BYTES):
        if not file.read(CHUNK_BYTES):
            return


def netpbm(pixels: UInt8) -> bytes:
    """Write (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) uint8 as PGM or PPM, alpha over white."""
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype(np.uint16)
        over_white = pixels[..., :3] * alpha + 255 * (255 - alpha)
        pixels = ((over_white + 127) // 255).astype(np.uint8)
    is_grey = pixels.ndim == 2 or pixels.shape[2] == 1
    header = f"P{5 if is_grey else 6}\n{pixels.shape[1]} {pixels.shape[0]}\n255\n"
    return b"".join((header.encode(), np.ascontiguousarray(pixels).data))


def check_shape(shape: tuple[int, ...], what: str) -> bool:
    """Return whether an array is planar, (n, c, h, w).

    Raises:
        SourceError: if it is no array of images at all.
    """
    planar = len(shape) == 4 and shape[3] not in (1, 3, 4) and shape[1] in (1, 3, 4)
    is_images = len(shape) == 3 or planar or (len(shape) == 4 and shape[3] in (1, 3, 4))
    if not is_images or 0 in shape:
        raise SourceError(
            f"{what} has the shape {shape}; "
            "give images as (n, height, width) or (n, height, width, 1, 3 or 4)."
        )
    if math.prod(shape[1:]) > MAX_ROW_BYTES:
        raise SourceError(
            f"{what} has the shape {shape}, {math.prod(shape[1:]):,} bytes an image, more than the "
            f"limit of {MAX_ROW_BYTES:,}; give smaller images."
        )
    if shape[0] > MAX_MEMBERS:
        raise SourceError(
            f"{what} has the shape {shape}, more images than the limit of {MAX_MEMBERS:,}; "
            "split it into several files."
        )
    return planar


def label_count_error(where: Path, images: int, labels: int) -> SourceError:
    """Return the error for labels that are not one an image."""
    return SourceError(
        f"{where.name} holds {images:,} images but there are {labels:,} labels; "
        "give one label for each image, or none."
    )


def array_source(
    kind: str,
    where: Path,
    *,
    rows: ArrayRows,
    labels: Sequence[str],
    used: Sequence[Path],
    labels_from: str = "",
) -> Source:
    """Return the source of an array; `used` are the files that its fingerprint depends on.

    Raises:
        SourceError: if labels and images differ in number.
    """
    if labels and len(labels) != rows.shape[0]:
        raise label_count_error(where, rows.shape[0], len(labels))
    return Source(
        kind=kind,
        location=str(where),
        names=None,
        total=rows.shape[0],
        skipped={},
        fingerprint=files_digest(used),
        reader=lambda start: rows.read(start, labels),
        labels_from=labels_from if labels else "",
    )
