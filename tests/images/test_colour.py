"""One picture in several colour profiles ends as one picture."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from gmv_core.images.colour import CONVERTED, IGNORED, UNTAGGED
from gmv_core.images.decode import decode
from gmv_core.settings import AS_STORED, IngestSettings, SettingsError
from tests.images.conftest import encoded
from tests.images.profiles import ADOBE_RGB, DISPLAY_P3, LEVELS, SWAPPED, icc, in_space, photo

SPACES = {
    "Display P3": (DISPLAY_P3, 2.2),
    "Adobe RGB": (ADOBE_RGB, 563 / 256),
    "swapped": (SWAPPED, 2.2),
}


@pytest.mark.parametrize("side", [200, 700])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("space", SPACES)
def test_a_tagged_picture_ends_as_the_converted_one(space: str, kind: str, side: int) -> None:
    colorants, gamma = SPACES[space]
    pixels = photo(side)
    other, tag = in_space(pixels, colorants, gamma), icc(colorants, gamma)
    how = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    how |= {"lossless": True} if kind == "WEBP" else {}
    tagged = decode(encoded(other, kind, icc_profile=tag, **how), IngestSettings())
    converted = decode(encoded(Image.fromarray(pixels), kind, **how), IngestSettings())
    assert (tagged.note, converted.note) == (CONVERTED, "")
    apart = np.abs(tagged.pixels.astype(int) - converted.pixels.astype(int))
    assert apart.mean() < 1
    # A preview that is kept in JPEG is rounded by itself: a few of its levels lie 3 apart.
    in_jpeg = kind == "JPEG" or side > 256
    assert np.quantile(apart, 0.9 if in_jpeg else 1) <= LEVELS
    untouched = decode(
        encoded(other, kind, icc_profile=tag, **how), IngestSettings(colours=AS_STORED)
    )
    moved = np.abs(untouched.pixels.astype(int) - converted.pixels.astype(int))
    assert moved.mean() > 3 and not untouched.note


def test_srgb_itself_changes_nothing_and_is_not_counted() -> None:
    tag = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(Image.fromarray(photo(100)), "PNG", icc_profile=tag)
    result = decode(data, IngestSettings())
    assert result.note == ""
    assert np.array_equal(result.pixels, photo(100))


def test_alpha_is_laid_over_white_in_srgb() -> None:
    pixels, alpha = photo(60), np.full((60, 60, 1), 128, np.uint8)
    tag = icc(SWAPPED, 2.2)
    other = np.asarray(in_space(pixels, SWAPPED, 2.2))
    tagged = encoded(Image.fromarray(np.concatenate([other, alpha], 2)), "PNG", icc_profile=tag)
    plain = encoded(Image.fromarray(np.concatenate([pixels, alpha], 2)), "PNG")
    one, two = (decode(data, IngestSettings()).pixels.astype(int) for data in (tagged, plain))
    assert np.abs(one - two).max() <= LEVELS


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_grey_profile_is_applied_and_grey_stays_grey(kind: str) -> None:
    ramp = np.tile(np.arange(20, 256, dtype=np.uint8), (40, 1))
    data = encoded(Image.fromarray(ramp), kind, icc_profile=icc((), 1.0, b"GRAY"))
    result = decode(data, IngestSettings())
    v = ramp[0] / 255  # a gamma of 1: light itself
    expected = 255 * np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)
    assert result.note == CONVERTED and result.is_grey
    assert np.abs(result.pixels[5, :, 0] - expected).max() <= LEVELS + (kind == "JPEG")


BROKEN = {
    "no profile": b"this is no profile",
    "cut off": icc(DISPLAY_P3, 2.2)[:150],
    "of grey": icc((), 2.2, b"GRAY"),
    "empty tags": icc(DISPLAY_P3, 2.2)[:132].ljust(4000, b"\xff"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_profile_that_cannot_be_used_is_ignored_and_noted(broken: str) -> None:
    data = encoded(Image.fromarray(photo(90)), "PNG", icc_profile=BROKEN[broken])
    result = decode(data, IngestSettings())
    assert (result.status, result.note) == ("ok", IGNORED)
    assert np.array_equal(result.pixels, photo(90))


def with_chunk(name: bytes, body: bytes) -> bytes:
    data = encoded(Image.fromarray(photo(40)), "PNG")
    crc = struct.pack(">I", zlib.crc32(name + body))
    return data[:33] + struct.pack(">I", len(body)) + name + body + crc + data[33:]


def by_exif(index: str) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: index}
    return encoded(Image.fromarray(photo(40)), "JPEG", exif=exif)


def primaries(*values: int) -> bytes:
    return with_chunk(b"cHRM", struct.pack(">8I", 31270, 32900, *values))


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (with_chunk(b"gAMA", struct.pack(">I", 100_000)), UNTAGGED),
        (with_chunk(b"gAMA", struct.pack(">I", 45_455)), ""),
        (primaries(64_000, 33_000, 21_000, 71_000, 15_000, 6_000), UNTAGGED),
        (primaries(64_000, 33_000, 30_000, 60_000, 15_000, 6_000), ""),
        (with_chunk(b"cICP", bytes([12, 13, 0, 1])), UNTAGGED),
        (with_chunk(b"cICP", bytes([1, 13, 0, 1])), ""),
        (with_chunk(b"sRGB", b"\0"), ""),
        (by_exif("R03"), UNTAGGED),
        (by_exif("R98"), ""),
    ],
)
def test_other_colours_that_are_told_without_a_profile_are_noted(data: bytes, note: str) -> None:
    result = decode(data, IngestSettings())
    assert (result.status, result.note) == ("ok", note)
    assert decode(data, IngestSettings(colours=AS_STORED)).note == ""


def test_an_unknown_rule_is_a_sentence() -> None:
    with pytest.raises(SettingsError, match="choose one of: srgb, as stored"):
        IngestSettings(colours="rgb")
