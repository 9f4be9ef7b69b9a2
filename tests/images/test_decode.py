"""A decoded image: its preview, size, orientation and statistics, and what becomes of damage."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gmv_core.images.decode import decode
from gmv_core.images.kinds import image_kind
from gmv_core.settings import IngestSettings
from gmv_core.types import DecodedImage
from tests.images.conftest import BLUE, GREEN, RED, SETTINGS, colour, decoded, encoded, photo

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"P3\n# by hand\n1 1\n255\n10 20 30\n", (10, 20, 30)),
        (b"P2 1 1 255 40", (40, 40, 40)),
        (b"P2\n1 1\n255\n" + b"#\n" * 300_000 + b"40", (40, 40, 40)),
        (b"P1\n1 1\n1\n", (0, 0, 0)),
    ],
)
def test_netpbm_as_text_is_an_image(text: bytes, shown: tuple[int, int, int]) -> None:
    result = decoded(text)
    assert result.pixels is not None and tuple(result.pixels[0, 0]) == shown


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:aa",
            "not an image but a pointer of Git LFS",
        ),
        (b"\r\n<!DOCTYPE html><html>404</html>", "not an image but a web page"),
        (b"<HTML><body>Forbidden", "not an image but a web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG is not supported"),
        (b"qoif\0\0\0\1\0\0\0\1\3\0", "QOI is not supported"),
        (b"P3 is the third of them", "not an image"),
    ],
)
def test_what_lies_under_an_images_name_is_said(data: bytes, status: str) -> None:
    assert decode(data, SETTINGS).status.startswith(status)
