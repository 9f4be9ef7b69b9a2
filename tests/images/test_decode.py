"""Every kind of image becomes the RGB that a person sees; its preview decodes to `pixels`."""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gmv_core.images.decode import decode, pixels_of
from gmv_core.images.kinds import image_kind
from gmv_core.settings import IngestSettings
from gmv_core.types import DecodedImage

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

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


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
def test_every_file_type_keeps_its_colour(kind: str) -> None:
    data = encoded(Image.new("RGB", (40, 30), (200, 60, 20)), kind)
    result = decoded(data)
    assert np.allclose(colour(result), (200, 60, 20), atol=6)
    assert (result.width, result.height) == (40, 30)
    assert not result.is_grey


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_small_plain_image_is_its_own_preview(kind: str) -> None:
    data = encoded(photo(200, 120), kind)
    assert decoded(data).preview is data


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (encoded(photo(257, 100), "JPEG"), "JPEG"),
        (encoded(photo(100, 100), "BMP"), "JPEG"),
        (encoded(photo(100, 100).convert("RGBA"), "PNG"), "PNG"),
        (encoded(photo(100, 100), "JPEG", exif=turned(3)), "JPEG"),
        (encoded(photo(250, 250), "PNG", compress_level=0) + bytes(300_000), "PNG"),
    ],
    ids=["too wide", "BMP", "alpha", "turned", "bytes after the end"],
)
def test_other_images_get_a_preview_of_their_own(data: bytes, kind: str) -> None:
    result = decoded(data)
    assert result.preview != data
    assert image_kind(result.preview) == kind


def test_tiny_previews_are_lossless() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    result = decoded(encoded(Image.fromarray(pixels), "BMP"))
    assert image_kind(result.preview) == "PNG"
    assert np.array_equal(result.pixels, pixels)


def test_the_size_is_that_of_the_whole_image_and_the_preview_keeps_its_shape() -> None:
    result = decoded(encoded(photo(1000, 400), "JPEG"))
    assert (result.width, result.height) == (1000, 400)
    assert result.pixels is not None and result.pixels.shape == (102, 256, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_reduced_decode_looks_like_the_image(kind: str) -> None:
    image = photo(1024, 768)
    result = decoded(encoded(image, kind, quality=95))
    expected = np.asarray(image.resize((256, 192), Image.Resampling.BOX), np.float32)
    assert np.abs(result.pixels - expected).mean() < 2.0


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_extreme_shapes(size: tuple[int, int]) -> None:
    result = decoded(encoded(Image.new("RGB", size, GREEN), "PNG"))
    assert (result.width, result.height) == size
    assert np.allclose(colour(result, 0, 0), GREEN, atol=1)


# Where the top-left corner of the stored image is shown.
CORNERS = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("width", [60, 600])
def test_exif_orientation_is_applied(turn: int, kind: str, width: int) -> None:
    image = Image.new("RGB", (width, width // 2), BLUE)
    image.paste(RED, (0, 0, width // 4, width // 4))
    result = decoded(encoded(image, kind, exif=turned(turn)))
    lying = (width, width // 2)
    assert (result.width, result.height) == (lying if turn < 5 else lying[::-1])
    assert result.pixels is not None
    high, wide = result.pixels.shape[:2]
    assert (wide > high) == (turn < 5)
    corners = {"tl": (2, 2), "tr": (wide - 3, 2), "bl": (2, high - 3), "br": (wide - 3, high - 3)}
    for corner, (x, y) in corners.items():
        expected = RED if corner == CORNERS[turn] else BLUE
        assert np.allclose(colour(result, x, y), expected, atol=12), corner


def test_broken_exif_does_not_cost_the_image() -> None:
    data = encoded(photo(50, 50), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage")
    assert decoded(data).width == 50


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


def test_statistics_against_hand_computed_values() -> None:
    levels = np.repeat(np.arange(100, dtype=np.uint8), 100).reshape(100, 100)
    result = decoded(encoded(Image.fromarray(levels), "PNG"))
    assert (result.low, result.high, result.mean) == (0.0, 98.0, 49.5)
    flat = decoded(encoded(Image.new("RGB", (8, 8), (7, 7, 7)), "PNG"))
    assert (flat.low, flat.high, flat.mean, flat.is_grey) == (7.0, 7.0, 7.0, True)


def test_the_pixel_limit_is_ours_and_not_pillows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    data = encoded(Image.new("RGB", (50, 50), RED), "PNG")
    assert decoded(data, IngestSettings(max_pixels=2500)).width == 50
    status = decode(data, IngestSettings(max_pixels=2499)).status
    assert status == "50 × 50 = 0.0025 megapixels, more than the limit of 0.0025"


def test_threads_agree_with_one_thread() -> None:
    files = [encoded(photo(80 + seed, 300, seed), "JPEG") for seed in range(12)]
    alone = [decode(data, SETTINGS) for data in files]
    together: dict[int, DecodedImage] = {}

    def work(first: int) -> None:
        for at in range(first, len(files), 3):
            together[at] = decode(files[at], SETTINGS)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at, expected in enumerate(alone):
        assert together[at].preview == expected.preview
        assert np.array_equal(together[at].pixels, expected.pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
def test_damaged_bytes_are_a_status_and_never_an_exception(kind: str) -> None:
    good = bytearray(encoded(photo(70, 70), kind))
    random = np.random.default_rng(5)
    for _ in range(60):
        bad = bytearray(good)
        for at in random.integers(0, min(len(bad), 400), 4):
            bad[at] = random.integers(256)
        result = decode(bytes(bad[: random.integers(1, len(bad))]), SETTINGS)
        assert result.status and (result.pixels is not None) == (result.status == "ok")


def with_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Camera of Ada"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return exif


def with_text() -> PngInfo:
    text = PngInfo()
    text.add_text("parameters", "a prompt of Ada")
    return text


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"exif": with_place(), "quality": 95}),
        ("JPEG", {"comment": b"by Ada"}),
        ("PNG", {"exif": with_place()}),
        ("PNG", {"pnginfo": with_text()}),
        ("WEBP", {"exif": with_place(), "lossless": True}),
    ],
)
@pytest.mark.parametrize("side", [40, 120])
def test_a_preview_tells_nothing_but_the_picture(
    kind: str, options: dict[str, object], side: int
) -> None:
    data = encoded(photo(side, side), kind, **options)
    assert b"Ada" in data
    result = decoded(data)
    assert b"Ada" not in result.preview
    plain = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)
    assert np.abs(plain - result.pixels).mean() < 3
