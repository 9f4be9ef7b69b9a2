"""Colour profiles written by hand, and pictures as they are stored in their spaces."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image

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
