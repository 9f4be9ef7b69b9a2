"""Pictures that cannot be read: each gets a short reason, and a row of its own."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gmv_core.images.decode import decode
from gmv_core.settings import IngestSettings

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def encoded(kind: str, mode: str = "RGB", size: tuple[int, int] = (50, 40)) -> bytes:
    data = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(data, kind)
    return data.getvalue()


def png_of(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + encoded("PNG")[33:]


def webp_of(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides
    return b"RIFF" + struct.pack("<I", len(body)) + body


def floats(value: float) -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.full((4, 4), value, np.float32)).save(data, "TIFF")
    return data.getvalue()


PICTURES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "0 bytes"),
    "text": (b"hello, this is no picture", "not an image"),
    "one byte": (b"\xff", "not an image"),
    "HTML saved as a picture": (b"<!DOCTYPE html><html>", "not an image"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG is not supported"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "HEIC is not supported"),
    "only a JPEG mark": (b"\xff\xd8\xff", "cut off after 3 bytes"),
    "half a JPEG": (encoded("JPEG")[:900], "cut off after 900 bytes"),
    "a JPEG header": (encoded("JPEG")[:30], "cut off after 30 bytes"),
    "half a PNG": (encoded("PNG")[:3412], "cut off after 3,412 bytes"),
    "half a WebP": (encoded("WEBP")[:700], "cut off after 700 bytes"),
    "half a BMP": (encoded("BMP")[:2000], "cut off after 2,000 bytes"),
    "half a TIFF": (encoded("TIFF")[:2000], "cut off after 2,000 bytes"),
    "half a GIF": (encoded("GIF")[:1200], "cut off after 1,200 bytes"),
    "half a PPM": (b"P6\n50 50\n255\n" + bytes(99), "cut off after 112 bytes"),
    "a damaged PNG": (
        encoded("PNG").replace(b"IDAT", b"IDAX"), "broken PNG file"
    ),
    "a BMP by name only": (b"BM is how this letter begins, and then it goes on", "not an image"),
    "wide PNG": (png_of(14_560, 14_560), "14,560 × 14,560 = 212 megapixels, more than the limit"),
    "a PNG of 4 billion": (png_of(2**31 - 1, 2**31 - 1), "more than the limit of 200"),
    "wide WebP": (webp_of(16_384, 16_384), "268 megapixels, more than the limit of 200"),
    "PNG without width": (png_of(0, 10), "width or height of 0"),
    "PPM without height": (b"P5\n5 0\n255\n", "broken PPM file"),
    "wide PPM": (b"P5\n99999 99999\n255\n", "10,000 megapixels, more than the limit of 200"),
    "no numbers": (floats(float("nan")), "no finite pixel value"),
}  # fmt: skip


@pytest.mark.parametrize("case", PICTURES)
def test_a_picture_that_cannot_be_read(case: str) -> None:
    data, reason = PICTURES[case]
    result = decode(data, IngestSettings())
    assert reason in result.status, result.status
    assert "\n" not in result.status and len(result.status) < 200
    assert (result.size_bytes, result.pixels, result.preview) == (len(data), None, b"")
    assert len(result.sha256) == 64
