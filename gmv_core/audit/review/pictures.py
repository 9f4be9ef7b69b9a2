"""The two pictures of a pair, as a reviewer gets them: nothing but pixels tells them apart.

Previews are stored in several codings, and a known copy is made here. So both are encoded anew in
one way, without loss: neither the kind of a file, nor its size in pixels, nor what it says of
itself shows which pair is a control and which picture is the generated one.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from gmv_core.results.result import Result
from gmv_core.store.columns import previews_of
from gmv_core.store.workspace import ImageSet
from gmv_core.types import UInt8

JPEG_QUALITY, SMALLER = 60, 0.9  # of the copy that stands beside a training image as a control


def pictures(
    result: Result, training: int, generated: int | None, *, training_left: bool
) -> tuple[bytes, bytes]:
    """Return the encoded pictures of a pair, left and right.

    training, generated: rows; generated None for a copy of the training image, a control.
    """
    known = _pixels(result.training, training)
    other = copy_of(known) if generated is None else _pixels(result.generated, generated)
    left, right = (known, other) if training_left else (other, known)
    return _encoded(left), _encoded(right)


def _pixels(images: ImageSet, row: int) -> UInt8:
    return previews_of(images, np.array([row], np.int64))[0]


def copy_of(pixels: UInt8) -> UInt8:
    """Return an image (h, w, 3) as it is after it was made smaller, saved as JPEG, and enlarged."""
    image = Image.fromarray(pixels)
    width, height = (max(1, round(SMALLER * side)) for side in image.size)
    file = io.BytesIO()
    image.resize((width, height), Image.Resampling.LANCZOS).save(file, "JPEG", quality=JPEG_QUALITY)
    again = Image.open(file).resize(image.size, Image.Resampling.BICUBIC)
    return np.asarray(again.convert("RGB"))


def _encoded(pixels: UInt8) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", lossless=True, method=2)
    return file.getvalue()
