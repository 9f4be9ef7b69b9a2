"""CMYK is brought to sRGB by the profile that a picture carries, if that is one of CMYK."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from gmv_core.images.colour import CONVERTED, IGNORED
from gmv_core.images.decode import decode
from gmv_core.settings import IngestSettings
from tests.images.conftest import encoded
from tests.images.profiles import LEVELS, SRGB, icc, linear, photo

INKS = ((0, 150, 200), (200, 40, 130), (240, 220, 60), (60, 60, 60))  # sRGB of C, M, Y, K alone


def lab(srgb: Sequence[float]) -> np.ndarray:
    """CIE 1976 L*a*b* of an sRGB colour, for the white D50."""
    x = linear(np.array(srgb)) @ np.array(SRGB) / (0.9642, 1.0, 0.8249)
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def srgb_of(values: np.ndarray) -> np.ndarray:
    """The sRGB levels of L*a*b* values, (n, 3); the inverse of `lab`."""
    first = (values[:, 0] + 16) / 116
    f = np.stack([first + values[:, 1] / 500, first, first - values[:, 2] / 200], 1)
    x = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.9642, 1.0, 0.8249)
    v = np.clip(x @ np.linalg.inv(np.array(SRGB)), 0, 1)
    return 255 * np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)


def printers_icc() -> bytes:
    """Write a profile of CMYK (ICC.1:2001-04, lut16Type): what each ink alone looks like.

    The colour of a mixture does not count here, but that of all inks at once is black.
    """
    grid = np.zeros((2, 2, 2, 2, 3))
    for place in np.ndindex(2, 2, 2, 2):
        inks = [ink for ink, there in zip(INKS, place, strict=True) if there]
        colour = np.prod([np.array(ink) / 255 for ink in inks], axis=0) * 255 if inks else [255] * 3
        grid[place] = lab(colour if len(inks) < 4 else [0, 0, 0])
    stored = np.rint((grid + np.array([0, 128, 128])) * (65280 / 100, 256, 256)).astype(">u2")
    straight = struct.pack(">2H", 0, 65535)
    one = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]]).ravel() * 65536
    table = b"mft2\0\0\0\0" + bytes([4, 3, 2, 0]) + struct.pack(">9i2H", *one, 2, 2)
    table += straight * 4 + stored.tobytes() + straight * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = struct.pack(">I", 2)
    tags += b"wtpt" + struct.pack(">II", 156, 20) + b"A2B0" + struct.pack(">II", 176, len(table))
    head = struct.pack(
        ">I4sI4s4s4s", 176 + len(table), b"\0" * 4, 0x02400000, b"prtr", b"CMYK", b"Lab "
    )
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + tags + white + table


def ink_ramps() -> Image.Image:
    """One band an ink, from none of it to all, in steps of 16 px."""
    levels = np.repeat(np.linspace(0, 255, 12).round().astype(np.uint8), 16)
    inks = np.zeros((64, 192, 4), np.uint8)
    for ink in range(4):
        inks[16 * ink : 16 * ink + 16, :, ink] = levels
    return Image.fromarray(inks, "CMYK")


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_a_printers_profile_is_applied(kind: str) -> None:
    inks = ink_ramps()
    how = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    result = decode(encoded(inks, kind, icc_profile=printers_icc(), **how), IngestSettings())
    assert (result.status, result.note) == ("ok", CONVERTED)
    share = np.asarray(inks).max(axis=2)[::16, ::16, None].astype(float) / 255  # (4, 12, 1)
    paper = lab([255, 255, 255])
    expected = [
        srgb_of(paper + share[ink] * (lab(INKS[ink]) - paper)) for ink in range(4)
    ]  # between two points of a profile's grid L*a*b* is linear
    apart = np.abs(result.pixels[8::16, 8::16] - np.array(expected))
    assert np.quantile(apart, 0.9 if kind == "JPEG" else 1) <= LEVELS and apart.mean() < 1
    plain = decode(encoded(inks, kind, **how), IngestSettings())
    assert plain.note == "" and np.abs(plain.pixels.astype(int) - result.pixels).mean() > 10


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
@pytest.mark.parametrize(
    "profile", [b"this is no profile", icc(SRGB, 2.2), printers_icc()[:250]],
    ids=["no profile", "of RGB", "cut off"],
)  # fmt: skip
def test_of_cmyk_too_a_profile_that_cannot_be_used_is_ignored(kind: str, profile: bytes) -> None:
    inks = ink_ramps()
    result = decode(encoded(inks, kind, icc_profile=profile), IngestSettings())
    assert (result.status, result.note) == ("ok", IGNORED)
    assert np.array_equal(result.pixels, decode(encoded(inks, kind), IngestSettings()).pixels)


def test_a_printers_profile_in_a_picture_of_rgb_is_ignored() -> None:
    data = encoded(Image.fromarray(photo(90)), "PNG", icc_profile=printers_icc())
    result = decode(data, IngestSettings())
    assert (result.status, result.note) == ("ok", IGNORED)
    assert np.array_equal(result.pixels, photo(90))
