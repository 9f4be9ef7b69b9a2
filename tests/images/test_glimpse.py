"""What can still be seen of broken images: the part that was there, and never an error."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gmv_core.images import glimpse as module
from gmv_core.images.glimpse import SIDE_PX, glimpse
from tests.fakes import draw, png


def encoded(kind: str) -> bytes:
    """Return a picture of noise, 300 × 200: many bytes, so that half of them are half the rows."""
    pixels = np.random.default_rng(0).integers(60, 255, (200, 300, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_upper_half_of_half_a_file_is_seen(kind: str) -> None:
    data = encoded(kind)
    seen = glimpse(data[: len(data) // 2])
    image = np.asarray(Image.open(io.BytesIO(seen)).convert("L"), float)
    assert max(image.shape) == SIDE_PX
    top, bottom = image[: len(image) // 3], image[-len(image) // 4 :]
    assert top.std() > 5 and bottom.std() < 2, "noise above, nothing below"
    assert len(seen) < 20_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"I am a text.",
        b"\xff\xd8\xff",
        png(draw(0))[:20],
        encoded("PNG")[:60],
        encoded("WEBP"),
    ],
    ids=["empty", "text", "magic", "header", "no row", "other kind"],
)
def test_where_nothing_is_to_be_seen_nothing_is_shown(data: bytes) -> None:
    assert glimpse(data) == b""


def test_what_is_not_broken_or_too_large_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert glimpse(encoded("PNG")) == b""
    broken = encoded("PNG")[:9000]
    assert glimpse(broken) != b""
    monkeypatch.setattr(module, "MAX_PIXELS", 100)
    assert glimpse(broken) == b""
