"""Files that announce more than their picture needs are rejected before anything is allocated."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image

from gmv_core.images.decode import decode
from gmv_core.images.effort import jpeg_effort, pixels_bytes
from gmv_core.images.glimpse import glimpse
from gmv_core.settings import IngestSettings
from tests.images.test_decode import encoded, photo


def status(data: bytes) -> str:
    return decode(data, IngestSettings()).status


def resized(data: bytes, side_px: int) -> bytes:
    """Return a JPEG that announces another size in its frame."""
    at = data.index(b"\xff\xc2")
    return data[: at + 5] + struct.pack(">HH", side_px, side_px) + data[at + 9 :]


def many_scans(data: bytes, more: int) -> bytes:
    """Return a progressive JPEG whose last scan comes again and again."""
    at, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:end] + data[at:end] * more + data[end:]


def tiled_tiff(side_px: int, tile_px: int) -> bytes:
    """Return a TIFF of one tile, packed by deflate."""
    packed = zlib.compress(bytes(tile_px * tile_px), 1)
    entries = [
        (256, 3, side_px), (257, 3, side_px), (258, 3, 8), (259, 3, 8), (262, 3, 1), (277, 3, 1),
        (322, 4, tile_px), (323, 4, tile_px), (324, 4, 8), (325, 4, len(packed)),
    ]  # fmt: skip
    listing = b"".join(
        struct.pack("<HHIHH" if kind == 3 else "<HHII", tag, kind, 1, value, *[0] * (kind == 3))
        for tag, kind, value in entries
    )
    start = struct.pack("<I", 8 + len(packed))
    return b"II*\0" + start + packed + struct.pack("<H", len(entries)) + listing + bytes(4)


@pytest.mark.parametrize(
    ("options", "scans", "channels"),
    [
        ({}, 1, 0.0),
        ({"progressive": True, "subsampling": 0}, 10, 3.0),
        ({"progressive": True, "subsampling": 2}, 10, 1.5),
    ],
)
def test_what_a_jpeg_holds_is_read_from_its_segments(
    options: dict[str, object], scans: int, channels: float
) -> None:
    data = encoded(photo(160, 80), "JPEG", **options)
    assert jpeg_effort(data) == (scans, 2 * channels * 160 * 80)
    assert jpeg_effort(data + many_scans(data, 50)) == (scans, 2 * channels * 160 * 80), "behind it"
    for end in range(0, len(data), 97):
        assert jpeg_effort(data[:end])[0] <= scans


def test_a_jpeg_of_very_many_scans_is_not_decoded() -> None:
    data = encoded(photo(64, 64), "JPEG", progressive=True)
    assert status(many_scans(data, 90)) == "ok"
    endless = many_scans(data, 91)
    assert status(endless) == "101 scans of the picture, more than the limit of 100"
    assert status(endless[:-2]) == status(endless) and glimpse(endless) == b""


def test_a_progressive_jpeg_counts_with_all_its_coefficients() -> None:
    cmyk = Image.new("CMYK", (16, 16), (10, 20, 30, 0))
    data = resized(encoded(cmyk, "JPEG", progressive=True), 13_900)
    assert status(data).startswith("takes 1,558,652,304 bytes to decode")
    assert "takes" not in status(resized(encoded(cmyk, "JPEG", progressive=True), 4_000))


def test_a_webp_of_38_bytes_takes_no_gigabytes() -> None:
    data = encoded(Image.new("RGB", (9_000, 9_000)), "WEBP", lossless=True, quality=0, method=0)
    assert len(data) < 100
    assert status(data) == (
        "takes 1,296,000,000 bytes to decode, more than the limit of 1,250,000,000"
    )


def test_avif_and_wide_greys_count_more_than_colour() -> None:
    size = (10_000, 10_000)
    assert pixels_bytes(size, "PNG", "RGB") == 400_000_000 < pixels_bytes(size, "TIFF", "I")
    assert pixels_bytes(size, "AVIF") > pixels_bytes(size, "TIFF", "I") > 800_000_000


def test_a_tile_is_no_larger_than_a_picture_needs() -> None:
    assert status(tiled_tiff(16, 256)) == "ok"
    assert (
        status(tiled_tiff(16, 8_192))
        == "tiles of 67,108,864 bytes, more than the limit of 64,000,000"
    )


def test_a_strip_of_a_packed_tiff_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmv_core.images.effort._MAX_HELD_BYTES", 1_000_000)
    image = Image.new("RGB", (400, 400))
    assert status(encoded(image, "TIFF", compression=None)) == "ok"
    one = encoded(image, "TIFF", compression="tiff_lzw", tiffinfo={278: 400})
    assert status(one).startswith("takes 1,120,000 bytes")
