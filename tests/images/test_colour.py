"""One picture in several colour profiles ends as one picture."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageCms

from gmv_core.images.colour import CONVERTED, IGNORED
from gmv_core.images.decode import decode
from gmv_core.settings import AS_STORED, IngestSettings, SettingsError
from tests.images.conftest import encoded

LEVELS = 2  # how far a picture may move, of 255

# Colorants adapted to D50 (columns X, Y, Z), from the public profiles of these spaces.
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
SWAPPED = (SRGB[1], SRGB[2], SRGB[0])


def icc(colorants: Sequence[Sequence[float]], gamma: float, space: bytes = b"RGB ") -> bytes:
    """Write a matrix profile (ICC.1:2001-04): colorants and one gamma curve."""

    def xyz(values: Sequence[float]) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {b"wtpt": xyz((0.9642, 1.0, 0.8249))}
    if space == b"RGB ":
        tags |= {n + b"XYZ": xyz(v) for n, v in zip((b"r", b"g", b"b"), colorants, strict=True)}
        tags |= {n + b"TRC": curve for n in (b"r", b"g", b"b")}
    else:
        tags[b"kTRC"] = curve
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(value))
        body += value
    head = struct.pack(">I4sI4s4s4s", 0, b"\0" * 4, 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(24) + bytes(4)
    head += struct.pack(">3i", 63190, 65536, 54061)
    head = head.ljust(128, b"\0")
    return struct.pack(">I", len(head) + len(table) + len(body)) + head[4:] + table + body


def photo(side: int, seed: int = 0) -> np.ndarray:
    """Muted colours, which every one of these spaces can show."""
    rough = np.random.default_rng(seed).integers(70, 186, (6, 6, 3), dtype=np.uint8)
    smooth = Image.fromarray(rough).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(smooth)


def linear(levels: np.ndarray) -> np.ndarray:
    v = levels / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def in_space(pixels: np.ndarray, colorants: Sequence[Sequence[float]], gamma: float) -> Image.Image:
    """Return the levels that show sRGB pixels in another space, by the definition of both."""
    seen = linear(pixels) @ np.array(SRGB)
    mixed = np.clip(seen @ np.linalg.inv(np.array(colorants)), 0, 1)
    return Image.fromarray(np.rint(255 * mixed ** (1 / gamma)).astype(np.uint8))


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


def test_an_unknown_rule_is_a_sentence() -> None:
    with pytest.raises(SettingsError, match="choose one of: srgb, as stored"):
        IngestSettings(colours="rgb")
