"""Pictures as files, and what must hold for every one that is decoded."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from gmv_core.images.decode import decode, pixels_of
from gmv_core.settings import IngestSettings
from gmv_core.types import DecodedImage

SETTINGS = IngestSettings()
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(width: int, height: int, seed: int = 0) -> Image.Image:
    """A smooth colour picture: noise, enlarged."""
    rough = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)


def decoded(data: bytes, settings: IngestSettings = SETTINGS) -> DecodedImage:
    """Decode, and check what must hold for every image that is taken."""
    result = decode(data, settings)
    assert result.status == "ok", result.status
    assert result.sha256 == hashlib.sha256(data).hexdigest()
    assert result.size_bytes == len(data)
    assert result.pixels is not None and result.pixels.dtype == np.uint8
    assert result.pixels.ndim == 3 and result.pixels.shape[2] == 3
    assert max(result.pixels.shape[:2]) <= settings.preview_side_px
    assert np.array_equal(pixels_of(result.preview), result.pixels)
    return result


def colour(result: DecodedImage, x: int = 1, y: int = 1) -> Sequence[int]:
    assert result.pixels is not None
    return [int(level) for level in result.pixels[y, x]]
