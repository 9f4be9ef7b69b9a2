"""IDX files, the format of MNIST and Fashion-MNIST, plain or gzipped.

Four bytes say type and number of dimensions, then one big-endian uint32 for each, then the values.
Format: http://yann.lecun.com/exdb/mnist/, "The IDX file format".
"""

from __future__ import annotations

import gzip
import math
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

import numpy as np

from gmv_core.errors import SourceError
from gmv_core.sources.readers.arrays import BROKEN, ArrayRows, LabelTexts, array_source, check_shape
from gmv_core.sources.source import MAX_MEMBERS, Source

_UINT8 = 8
_GZIP = b"\x1f\x8b"


def is_idx(where: Path) -> bool:
    """Whether a file, gzipped or not, begins as an IDX file of 1 to 4 dimensions."""
    try:
        with _opened(where) as file:
            head = file.read(4)
    except BROKEN:
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in range(8, 15) and 1 <= head[3] <= 4


def open_idx(where: Path) -> Source:
    """Open an IDX file of images; labels come from the labels file that lies beside it.

    Raises:
        SourceError: if it is cut off or holds no uint8 images, or the labels do not fit.
    """
    shape, header_bytes = _header(where)
    planar = check_shape(shape, where.name)

    def open_at(offset: int) -> IO[bytes]:
        file = _opened(where)
        file.seek(header_bytes + offset)
        return file

    labels_at = _labels_beside(where)
    labels = _labels(labels_at) if labels_at else []
    rows = ArrayRows(shape, planar, open_at, where.name.removesuffix(".gz"))
    used = [where, labels_at] if labels_at else [where]
    return array_source("idx", where, rows=rows, labels=labels, used=used,
                        labels_from=labels_at.name if labels_at else "")  # fmt: skip


def open_idx_folder(files: Sequence[Path]) -> Source:
    """Open the one pair of IDX files in a folder, or the training pair of several.

    Raises:
        SourceError: if it is not clear which images are meant.
    """
    images = [file for file in files if _dimensions(file) >= 3]
    if not images:
        raise SourceError(
            f"{files[0].parent} holds IDX files of labels but none of images; "
            "put the images file (…-images-idx3-ubyte) beside them."
        )
    chosen = images if len(images) == 1 else [f for f in images if f.name.startswith("train")]
    if len(chosen) != 1:
        names = ", ".join(file.name for file in images)
        raise SourceError(f"{files[0].parent} holds several sets of images ({names}); name one.")
    source = open_idx(chosen[0])
    others = len(images) - 1
    return replace(source, skipped=Counter({"file of another split": others} if others else {}))


def _opened(where: Path) -> IO[bytes]:
    file = where.open("rb")
    packed = file.read(2) == _GZIP
    file.seek(0)
    if not packed:
        return file
    file.close()
    return cast(IO[bytes], gzip.open(where, "rb"))


def _dimensions(where: Path) -> int:
    with _opened(where) as file:
        return file.read(4)[3]


def _header(where: Path) -> tuple[tuple[int, ...], int]:
    """Return shape and length of the header, after checking type and length of the file."""
    again = "make or download it again"
    try:
        with _opened(where) as file:
            kind, dimensions = struct.unpack(">xxBB", file.read(4))
            shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
    except (*BROKEN, struct.error) as error:
        raise SourceError(f"{where.name} is cut off in its header; {again}.") from error
    if kind != _UINT8:
        raise SourceError(
            f"{where.name} holds values of IDX type {kind:#04x}; save it as uint8 (0x08)."
        )
    header_bytes = 4 + 4 * dimensions
    promised, found, packed = header_bytes + math.prod(shape), *_unpacked_bytes(where)
    if found != promised % (1 << 32) if packed else found < promised:
        raise SourceError(
            f"{where.name} is cut off (it announces {promised:,} bytes, "
            f"{found:,} are there); {again}."
        )
    return shape, header_bytes


def _unpacked_bytes(where: Path) -> tuple[int, bool]:
    """Return the size without gzip, and whether it is gzipped: then modulo 2³² (RFC 1952)."""
    with where.open("rb") as file:
        if file.read(2) != _GZIP:
            return where.stat().st_size, False
        file.seek(-4, 2)
        return int(struct.unpack("<I", file.read(4))[0]), True


def _labels_beside(where: Path) -> Path | None:
    name = where.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    beside = [where.with_name(name + suffix) for suffix in ("", ".gz")]
    return next((path for path in beside if path != where and path.is_file()), None)


def _labels(where: Path) -> Sequence[str]:
    shape, header_bytes = _header(where)
    if len(shape) != 1:
        raise SourceError(
            f"{where.name} has the shape {shape}; give labels of one dimension, or rename the file."
        )
    if shape[0] > MAX_MEMBERS:
        raise SourceError(
            f"{where.name} holds {shape[0]:,} labels, more than the limit of {MAX_MEMBERS:,}; "
            "split it into several files."
        )
    try:
        with _opened(where) as file:
            file.seek(header_bytes)
            return LabelTexts(np.frombuffer(file.read(shape[0]), np.uint8))
    except BROKEN as error:
        raise SourceError(f"{where.name} is broken ({error}); download it again.") from error
