"""`.npz` files of uint8 images, with labels beside them. Nothing is ever unpickled."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from gmv_core.errors import SourceError
from gmv_core.sources.readers.arrays import (
    BROKEN,
    ArrayRows,
    LabelTexts,
    array_source,
    check_shape,
    label_count_error,
)
from gmv_core.sources.source import Source

_IMAGE_KEYS = (
    "images", "image", "x", "x_train", "train_images", "train_x", "imgs", "samples", "data",
    "arr_0",
)  # fmt: skip
_MASKS = ("mask", "segm", "label", "annot")
_LABEL_KEYS = ("labels", "label", "y", "y_train", "train_labels", "train_y", "targets", "arr_1")


_MAX_HEADER_BYTES = 10_000  # as numpy.lib.format has it
_MAX_LABELS_BYTES = 256_000_000
# What NumPy's header parser raises, that of Python's own grammar among it.
_BAD_HEADER = (TypeError, KeyError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError)


@dataclass(frozen=True)
class _Array:
    """One member of an npz, known by its header only."""

    member: zipfile.ZipInfo
    header_bytes: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool


def open_npz(where: Path) -> Source:
    """Open an npz whose array of images is (n, h, w) or (n, h, w, 1, 3 or 4) uint8.

    Arrays are known by the usual keys (images, x_train, arr_0 …; labels, y_train …), the images
    also by being the only uint8 array of that shape.

    Raises:
        SourceError: if it is broken or holds no such array.
    """
    try:
        with zipfile.ZipFile(where) as archive:
            arrays = {
                member.filename.removesuffix(".npy"): _header(archive, member)
                for member in archive.infolist()
                if member.filename.endswith(".npy")
            }
            key = _image_key(arrays, where)
            check_shape(arrays[key].shape, f"Array {key!r} of {where.name}")
            labels = _labels(archive, arrays, where, arrays[key].shape[0])
    except (*BROKEN, *_BAD_HEADER) as error:
        raise SourceError(
            f"{where.name} is a broken or cut-off npz ({error}); make or download it again."
        ) from error
    array = arrays[key]
    planar = check_shape(array.shape, f"Array {key!r} of {where.name}")

    def open_at(offset: int) -> IO[bytes]:
        file = zipfile.ZipFile(where).open(array.member)
        file.seek(array.header_bytes + offset)
        return file

    rows = ArrayRows(array.shape, planar, open_at, key)
    return array_source("npz", where, rows=rows, labels=labels, used=[where],
                        labels_from="its array of labels")  # fmt: skip


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Array:
    """Read an array's header; one longer than NumPy itself trusts is not even unpacked."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        is_short = version == (1, 0)
        length = file.read(2 if is_short else 4)
        header_bytes = int.from_bytes(length, "little")
        if header_bytes > _MAX_HEADER_BYTES:
            raise ValueError(f"{member.filename} has a header of {header_bytes:,} bytes")
        read = (
            np.lib.format.read_array_header_1_0 if is_short else np.lib.format.read_array_header_2_0
        )
        shape, is_fortran, dtype = read(io.BytesIO(length + file.read(header_bytes)))
        if any(side < 0 for side in shape):
            raise ValueError(f"{member.filename} has the shape {shape}")
        return _Array(member, file.tell(), shape, dtype, is_fortran)


def _image_key(arrays: Mapping[str, _Array], where: Path) -> str:
    """Return the key of the images, after checking type, order and length of the array."""
    by_lower = {key.lower(): key for key in arrays}
    named = [by_lower[key] for key in _IMAGE_KEYS if key in by_lower]
    fitting = sorted((key for key, array in arrays.items() if _is_images(array)), key=_is_mask)
    fitting.sort(key=lambda key: len(arrays[key].shape), reverse=True)  # colour before grey
    fitting = [key for key in fitting if not _is_mask(key)] or fitting
    chosen = [key for key in named if key in fitting] or fitting[:1] or named
    if not chosen:
        raise SourceError(
            f"No images in {where.name} (arrays: {', '.join(sorted(arrays)) or 'none'}); "
            "save them with numpy.savez as images=… in uint8, and labels=…."
        )
    key, array = chosen[0], arrays[chosen[0]]
    what = f"Array {key!r} of {where.name}"
    if array.dtype.hasobject:
        raise SourceError(
            f"{what} holds Python objects, which are never loaded (they could run code); "
            "save it as a uint8 array."
        )
    if array.dtype != np.uint8:
        raise SourceError(f"{what} holds {array.dtype}; save it as uint8, 0 to 255.")
    if array.is_fortran:
        raise SourceError(
            f"{what} is stored in Fortran order; save it after numpy.ascontiguousarray."
        )
    promised = array.header_bytes + math.prod(array.shape)
    if array.member.file_size < promised:
        raise SourceError(
            f"{what} is cut off ({array.member.file_size:,} of {promised:,} bytes); "
            "make or download the file again."
        )
    return key


def _is_images(array: _Array) -> bool:
    return array.dtype == np.uint8 and len(array.shape) in (3, 4)


def _is_mask(key: str) -> bool:
    """Whether an array is called as what is drawn over images is."""
    return any(word in key.lower() for word in _MASKS)


def _labels(
    archive: zipfile.ZipFile, arrays: Mapping[str, _Array], where: Path, images: int
) -> Sequence[str]:
    """Return one label a row, none if the file has none."""
    by_lower = {key.lower(): key for key in arrays}
    key = next((by_lower[key] for key in _LABEL_KEYS if key in by_lower), None)
    if key is None:
        return []
    array = arrays[key]
    is_flat = math.prod(array.shape) == max(array.shape, default=0)
    of_classes = len(array.shape) == 2 and not is_flat and array.dtype.kind in "iubf"
    problem = SourceError(
        f"Labels {key!r} of {where.name} have the shape {array.shape} and type {array.dtype}; "
        "give one number or text for each image, of shape (n,) or (n, 1), or one-hot rows."
    )
    if array.dtype.kind not in "iuUSbf" or not (is_flat or of_classes):
        raise problem
    _check_labels(array, images, where, f"Labels {key!r} of {where.name}")
    with archive.open(array.member) as file:
        values = np.lib.format.read_array(file, allow_pickle=False)
    if of_classes:
        if not (np.count_nonzero(values, axis=1) == 1).all() or not (values.sum(axis=1) == 1).all():
            raise problem
        values = values.argmax(axis=1)
    values = values.ravel()
    fine = values[np.isfinite(values)] if values.dtype.kind == "f" else values[:0]
    if len(fine) and np.array_equal(fine, np.round(fine)) and len(fine) == len(values):
        values = values.astype(np.int64)
    return LabelTexts(values)


def _check_labels(array: _Array, images: int, where: Path, what: str) -> None:
    """Raise SourceError where reading labels would take more memory than labels of images do."""
    count = math.prod(array.shape)
    rows = count if count == max(array.shape, default=0) else array.shape[0]
    if rows != images:
        raise label_count_error(where, images, rows)
    if count * array.dtype.itemsize > _MAX_LABELS_BYTES:
        raise SourceError(
            f"{what} have the type {array.dtype}, {count * array.dtype.itemsize:,} bytes in all, "
            f"more than the limit of {_MAX_LABELS_BYTES:,}; save them as numbers or short texts."
        )
