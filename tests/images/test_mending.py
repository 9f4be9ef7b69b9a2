"""Sound files that Pillow refuses are read; what cannot be read is said to be just that."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gmv_core.images.decode import FIRST_OF_MANY, decode
from gmv_core.images.kinds import image_kind, reads_heic
from gmv_core.settings import IngestSettings
from gmv_core.types import DecodedImage
from tests.images.conftest import encoded


def picture(side: int = 96, seed: int = 0) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)


def read(data: bytes) -> DecodedImage:
    return decode(data, IngestSettings())


@pytest.mark.parametrize("part", ["itxt", "ztxt", "text", "profile", "text and profile"])
@pytest.mark.parametrize("side", [96, 500])
def test_a_png_with_much_text_or_profile_is_read(part: str, side: int) -> None:
    info, options = PngImagePlugin.PngInfo(), {}
    if part == "itxt":
        info.add_itxt("workflow", "x" * 1_100_000, zip=True)
    elif part == "ztxt":
        info.add_text("workflow", "x" * 1_100_000, zip=True)
    elif part != "profile":
        info.add_text("workflow", "x" * 1_100_000)
    if "profile" in part:
        noise = np.random.default_rng(0).integers(0, 9, 1_300_000, np.uint8)
        options["icc_profile"] = noise.tobytes()
    data = encoded(picture(side), "PNG", pnginfo=info, **options)
    found, plain = read(data), read(encoded(picture(side), "PNG"))
    assert found.status == "ok" and np.array_equal(found.pixels, plain.pixels)
    assert found.size_bytes == len(data) and b"xxxx" not in found.preview


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("side", [17, 96, 500])
def test_a_jpeg_without_its_end_mark_is_read_if_all_rows_are_there(
    mode: str, progressive: bool, side: int
) -> None:
    data = encoded(picture(side).convert(mode), "JPEG", progressive=progressive)
    whole = read(data)
    for without_end in (data[:-2], data[:-1]):
        found = read(without_end)
        assert found.status == "ok" and np.array_equal(found.pixels, whole.pixels)
        assert found.size_bytes == len(without_end)
    for cut in (data[: len(data) * 9 // 10], data[: len(data) // 2]):
        assert read(cut).status == f"cut off after {len(cut):,} bytes"


def tiff(bits: int, samples: int, sample_format: int) -> bytes:
    size = 4 * 4 * samples * bits // 8
    tags = [(256, 4), (257, 4), (258, bits), (259, 1), (262, 1 if samples == 1 else 2),
            (273, 200), (277, samples), (278, 4), (279, size), (339, sample_format)]  # fmt: skip
    entries = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries).ljust(200, b"\0") + bytes(size)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (tiff(64, 1, 3), "TIFF"),
        (tiff(16, 1, 3), "TIFF"),
        (tiff(32, 3, 3), "TIFF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1" + bytes(400), "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0" + bytes(400), "film"),
        (b"\xff\x0a" + bytes(99), "JPEG XL"),
        (b"8BPS" + bytes(99), "Photoshop"),
    ],
)
def test_what_is_sound_but_not_read_is_not_supported(data: bytes, kind: str) -> None:
    if kind == "HEIC" and reads_heic():
        pytest.skip("pillow-heif is installed")
    status = read(data).status
    assert "not supported" in status and "broken" not in status and kind in status


def test_avif_is_read() -> None:
    for side in (96, 400):
        data = encoded(picture(side), "AVIF", quality=95)
        found, plain = read(data), read(encoded(picture(side), "PNG"))
        assert image_kind(data[:16]) == "AVIF" and found.status == "ok"
        assert (found.width, found.height) == (side, side)
        assert found.pixels is not None and plain.pixels is not None
        apart = np.abs(found.pixels.astype(int) - plain.pixels.astype(int))
        assert apart.mean() < 3
        assert read(data[: len(data) // 2]).status != "ok"


@pytest.mark.skipif(not reads_heic(), reason="pillow-heif is not installed")
def test_heic_is_read() -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    found = read(encoded(picture(), "HEIF", quality=95))
    assert found.status == "ok" and (found.width, found.height) == (96, 96)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG", "AVIF", "MPO"])
def test_of_several_frames_the_first_is_read_and_that_is_said(kind: str) -> None:
    frames = [picture(seed=1), picture(seed=2)]
    several = read(encoded(frames[0], kind, save_all=True, append_images=frames))
    alone = read(encoded(frames[0], kind))
    assert (several.note, alone.note) == (FIRST_OF_MANY, "")
    assert several.pixels is not None and alone.pixels is not None
    apart = np.abs(several.pixels.astype(int) - alone.pixels.astype(int))
    assert apart.mean() < 4, "the first frame"


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_fewer_bits_in_16_are_stretched_and_that_is_said(kind: str, bits: int) -> None:
    levels = np.linspace(0, 2**bits - 1, 96 * 96).astype(np.uint16).reshape(96, 96)
    found = read(encoded(Image.fromarray(levels), kind))
    assert found.note == f"{bits}-bit levels in 16 bits, stretched"
    assert found.pixels is not None and found.pixels.max() == 255
    assert abs(found.mean - 127.5) < 1


def test_declared_bits_are_taken_and_a_dark_picture_stays_dark() -> None:
    levels = np.random.default_rng(0).integers(0, 900, (64, 64)).astype(np.uint16)
    declared = encoded(Image.fromarray(levels), "TIFF", tiffinfo={281: 4095})
    assert read(declared).note == "12-bit levels in 16 bits, stretched"
    dark = np.full((64, 64), 900, np.uint16)
    assert read(encoded(Image.fromarray(dark), "PNG")).note == ""
