"""Brings every kind of pixel to 8-bit grey or RGB: sRGB, where the file says what it has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gmv_core.images.colour import to_srgb
from gmv_core.types import UInt8

# v / 257, rounded: 65535 is white. A table needs no wide temporary for a large image.
_FROM_16_BITS = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)


class Rejected(Exception):
    """Carries the reason why an image is not taken."""


def to_rgb(image: Image.Image, *, profile: object = None) -> tuple[Image.Image, str]:
    """Return the image in mode L or RGB, and what was done about its colour profile ("": nothing).

    Alpha is laid over white, 16 bits and floats are scaled to 8. profile: an ICC profile that its
    levels are meant by. Without one, CMYK is converted as Pillow does.
    """
    image, note = to_srgb(_in_8_bits(image), profile)
    if image.mode in ("LA", "RGBA"):
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white, note
    return (image if image.mode in ("L", "RGB") else image.convert("RGB")), note


def _in_8_bits(image: Image.Image) -> Image.Image:
    """Return the image in mode L, LA, RGB, RGBA or CMYK."""
    if image.mode.startswith("I;16"):
        grey = _FROM_16_BITS[np.asarray(image)]
        tags = getattr(image, "tag_v2", {})  # Pillow leaves 16-bit TIFF with 0 = white as it is
        return Image.fromarray(255 - grey if tags.get(262) == 0 else grey)
    if image.mode in ("I", "F"):
        return Image.fromarray(_to_8_bits(np.asarray(image)))
    if image.has_transparency_data:
        if image.mode in ("La", "RGBa"):
            image = image.convert(image.mode[:-1] + "A")
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _to_8_bits(levels: NDArray[Any]) -> UInt8:
    """Scale (h, w) integers or floats to 0…255.

    The range is what the levels suggest: 0…65535 for integers, 0…1 or 0…255 for floats. Levels
    outside of it are stretched from their own minimum to their own maximum; a value that is not
    finite becomes the minimum.
    """
    finite = np.isfinite(levels)
    if not finite.any():
        raise Rejected("no finite pixel value")
    low, high = float(levels[finite].min()), float(levels[finite].max())
    tops = (65535.0,) if levels.dtype.kind == "i" else (1.0, 255.0)
    fitting = [top for top in tops if low >= 0 and high <= top]
    start, top = (0.0, fitting[0]) if fitting else (low, high)
    scaled = (levels.astype(np.float64) - start) * (255.0 / ((top - start) or 1.0))
    return np.rint(np.where(finite, scaled, 0.0)).astype(np.uint8)
