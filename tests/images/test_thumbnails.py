"""Thumbnails: small previews stay as they are, large ones shrink to a few kilobytes."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from gmv_core.images.decode import pixels_of
from gmv_core.images.kinds import image_kind
from gmv_core.images.thumbnails import KEPT_BYTES, SIDE_PX, media_type, thumbnail
from tests.fakes import draw, png


def noise(width: int, height: int) -> bytes:
    """Return a PNG that no encoder makes small."""
    rng = np.random.default_rng(0)
    return png(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_a_small_preview_stays_byte_for_byte() -> None:
    small = png(draw(1))
    assert len(small) <= KEPT_BYTES
    assert thumbnail(small) is small
    assert thumbnail(b"") == b""


def test_a_large_preview_becomes_a_small_webp_of_the_same_form() -> None:
    large = noise(256, 128)
    made = thumbnail(large)
    assert image_kind(made[:16]) == "WebP"
    assert len(made) < len(large) / 4
    assert pixels_of(made).shape == (SIDE_PX // 2, SIDE_PX, 3)


def test_a_thumbnail_looks_like_its_preview() -> None:
    smooth = Image.fromarray(draw(3)).resize((256, 256), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    smooth.save(file, "BMP")  # uncompressed: far over the limit
    made = pixels_of(thumbnail(file.getvalue())).astype(float)
    wanted = np.asarray(smooth.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR), float)
    assert np.abs(made - wanted).mean() < 3


def test_an_image_smaller_than_a_thumbnail_is_not_blown_up() -> None:
    assert pixels_of(thumbnail(noise(100, 90))).shape == (90, 100, 3)


def test_media_types() -> None:
    assert media_type(png(draw(1))) == "image/png"
    assert media_type(thumbnail(noise(256, 256))) == "image/webp"
    assert media_type(b"") == "image/png"
