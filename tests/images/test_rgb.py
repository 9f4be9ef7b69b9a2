"""Every kind of image becomes the RGB that a person sees."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.images.conftest import BLUE, RED, WHITE, colour, decoded, encoded, photo

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
def test_every_file_type_keeps_its_colour(kind: str) -> None:
    data = encoded(Image.new("RGB", (40, 30), (200, 60, 20)), kind)
    result = decoded(data)
    assert np.allclose(colour(result), (200, 60, 20), atol=6)
    assert (result.width, result.height) == (40, 30)
    assert not result.is_grey


def test_grey_stays_grey() -> None:
    levels = np.tile(np.arange(100, dtype=np.uint8), (50, 1))
    for kind in ("JPEG", "PNG", "TIFF"):
        result = decoded(encoded(Image.fromarray(levels), kind))
        assert result.is_grey
        assert np.allclose(result.pixels[..., 0], levels, atol=4)


def test_a_colour_file_of_a_grey_picture_is_found_grey() -> None:
    assert decoded(encoded(photo(300, 300).convert("L").convert("RGB"), "PNG")).is_grey
    assert not decoded(encoded(photo(300, 300), "PNG")).is_grey


def test_one_coloured_dot_is_enough_to_be_no_grey_image() -> None:
    image = Image.new("RGB", (50, 50), (90, 90, 90))
    image.putpixel((13, 21), (90, 91, 90))
    assert not decoded(encoded(image, "PNG")).is_grey


def test_palette() -> None:
    image = photo(60, 60).quantize(16)
    result = decoded(encoded(image, "PNG"))
    assert np.array_equal(result.pixels, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_colour_is_shown_white(kind: str) -> None:
    image = Image.new("P", (20, 20), 0)
    image.putpalette([*RED, *BLUE])
    image.paste(1, (10, 0, 20, 20))
    result = decoded(encoded(image, kind, transparency=0))
    assert colour(result, 2, 2) == list(WHITE)
    assert colour(result, 15, 2) == list(BLUE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("alpha", "expected"), [(255, (0, 0, 255)), (128, (127, 127, 255)), (0, WHITE)]
)
def test_alpha_is_laid_over_white(kind: str, alpha: int, expected: tuple[int, int, int]) -> None:
    data = encoded(Image.new("RGBA", (20, 20), (*BLUE, alpha)), kind, lossless=True)
    assert np.allclose(colour(decoded(data)), expected, atol=1)


def test_grey_with_alpha_and_transparent_colours() -> None:
    half = decoded(encoded(Image.new("LA", (9, 9), (0, 128)), "PNG"))
    assert np.allclose(colour(half), 127, atol=1)
    assert half.is_grey
    for image, transparency in ((Image.new("RGB", (9, 9), RED), RED), (Image.new("L", (9, 9)), 0)):
        assert colour(decoded(encoded(image, "PNG", transparency=transparency))) == list(WHITE)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
@pytest.mark.parametrize(
    ("level", "expected"), [(0, 0), (257, 1), (32768, 128), (40000, 156), (65535, 255)]
)
def test_16_bit_grey_is_scaled(kind: str, level: int, expected: int) -> None:
    levels = np.full((12, 12), level, np.uint16)
    assert colour(decoded(encoded(Image.fromarray(levels), kind))) == [expected] * 3


@pytest.mark.parametrize(
    ("order", "photometric", "expected"), [("<", 1, 255), (">", 1, 255), ("<", 0, 0)]
)
def test_16_bit_tiff_in_both_byte_orders_and_with_white_as_zero(
    order: str, photometric: int, expected: int
) -> None:
    tags = [(256, 2), (257, 2), (258, 16), (259, 1), (262, photometric), (273, 122), (279, 8)]
    entries = [struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0) for tag, value in tags]
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    data = (header + b"".join(entries)).ljust(122, b"\0") + b"\xff" * 8
    assert colour(decoded(data)) == [expected] * 3


def test_16_bit_colour_keeps_its_high_byte() -> None:
    # Pillow cannot write such a PNG, so it is put together here.
    def chunk(name: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)

    row = b"\0" + struct.pack(">3H", 0x8000, 0x4000, 0xFFFF) * 4
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row * 4))
        + chunk(b"IEND", b"")
    )
    assert colour(decoded(data)) == [0x80, 0x40, 0xFF]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([[0.0, 0.5, 1.0]], [0, 128, 255]),
        ([[0.0, 100.0, 255.0]], [0, 100, 255]),
        ([[-1.0, 0.0, 1.0]], [0, 128, 255]),
        ([[500.0, 1000.0, 1500.0]], [0, 128, 255]),
        ([[float("nan"), 0.0, 1.0]], [0, 0, 255]),
        ([[7.0e6, 7.0e6, 7.0e6]], [0, 0, 0]),
    ],
    ids=["0 to 1", "0 to 255", "signed", "any range", "not a number", "flat"],
)
def test_float_tiff(levels: list[list[float]], expected: list[int]) -> None:
    data = encoded(Image.fromarray(np.array(levels, np.float32)), "TIFF")
    assert [int(level) for level in decoded(data).pixels[0, :, 0]] == expected


def test_32_bit_integers() -> None:
    data = encoded(Image.fromarray(np.array([[0, 32768, 65535]], np.int32)), "TIFF")
    assert [int(level) for level in decoded(data).pixels[0, :, 0]] == [0, 128, 255]
    data = encoded(Image.fromarray(np.array([[0, 500_000, 1_000_000]], np.int32)), "TIFF")
    assert [int(level) for level in decoded(data).pixels[0, :, 0]] == [0, 128, 255]


def test_one_bit() -> None:
    image = Image.new("1", (16, 16), 1)
    image.paste(0, (0, 0, 8, 16))
    for kind in ("PNG", "TIFF", "BMP", "GIF"):
        result = decoded(encoded(image, kind))
        assert colour(result, 2, 2) == [0, 0, 0] and colour(result, 12, 2) == [255] * 3


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_red_stays_red(kind: str) -> None:
    data = encoded(Image.new("CMYK", (90, 90), (0, 255, 255, 0)), kind)
    red, green, blue = colour(decoded(data))
    assert red > 240 and green < 15 and blue < 15


def test_lab_and_ycbcr_tiff() -> None:
    lab = decoded(encoded(Image.new("LAB", (9, 9), (255, 128, 128)), "TIFF"))
    assert np.allclose(colour(lab), WHITE, atol=3)
    ycbcr = encoded(Image.new("RGB", (9, 9), RED).convert("YCbCr"), "TIFF")
    assert np.allclose(colour(decoded(ycbcr)), RED, atol=3)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_frame(kind: str) -> None:
    first, second = Image.new("RGB", (20, 20), RED), Image.new("RGB", (20, 20), BLUE)
    data = encoded(first, kind, save_all=True, append_images=[second], lossless=True, duration=50)
    result = decoded(data)
    assert colour(result) == list(RED)
    assert result.preview != data
