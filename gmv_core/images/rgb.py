"""Brings every kind of pixel to 8-bit grey or RGB: sRGB, where the file says what it has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gmv_core.images.colour import to_srgb
from gmv_core.types import UInt8

STRETCHED = "{bits}-bit levels in 16 bits, stretched"
_DEPTHS = {1023: 10, 4095: 12, 16383: 14}
_PHOTOMETRIC, _MAX_SAMPLE = 262, 281  # tags of TIFF
_SEVERAL, _LOOKED_AT_PX = 16, 512
_ROWS = 64
_STRIP_PIXELS = 4_000_000
# v / 257, rounded: 65535 is white. A table needs no wide temporary for a large image.
_FROM_16_BITS = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)


class Rejected(Exception):
    """Carries the reason why an image is not taken."""


def shrunk(
    image: Image.Image, size: tuple[int, int], *, profile: object = None
) -> tuple[Image.Image, str]:
    """Return the image as `to_rgb` does, resized to `size`, and what `to_rgb` did.

    Where it is much larger, as `Image.resize(…, reducing_gap=2.0)` does it: whole pixels are
    averaged first. That goes strip by strip, so that no second copy of a large image is made.
    """
    if size == image.size:
        return to_rgb(image, profile=profile)
    across, down = (max(1, int(a / b / 2.0)) for a, b in zip(image.size, size, strict=True))
    width, height = image.size
    rows = down * max(1, _STRIP_PIXELS // (width * down))
    whole_range = image.mode in ("I", "F") or image.mode.startswith("I;16")
    if whole_range or rows >= height:
        rows = height
    strips, note = list[Image.Image](), ""
    for top in range(0, height, rows):
        strip = image if rows == height else image.crop((0, top, width, min(height, top + rows)))
        part, note = to_rgb(strip, profile=profile)
        strips.append(part.reduce((across, down)) if across > 1 or down > 1 else part)
    joined = strips[0]
    if len(strips) > 1:
        joined = Image.new(strips[0].mode, (strips[0].width, sum(s.height for s in strips)))
        for place, strip in enumerate(strips):
            joined.paste(strip, (0, place * strips[0].height))
    box = (0, 0, width / across, height / down)
    return joined.resize(size, Image.Resampling.BILINEAR, box=box), note


def to_rgb(image: Image.Image, *, profile: object = None) -> tuple[Image.Image, str]:
    """Return the image in mode L or RGB, and what was done about its colour profile ("": nothing).

    Alpha is laid over white, 16 bits and floats are scaled to 8. profile: an ICC profile that its
    levels are meant by. Without one, CMYK is converted as Pillow does.
    """
    image, stretched = _in_8_bits(image)
    image, note = to_srgb(image, profile)
    note = note or stretched
    if image.mode in ("LA", "RGBA"):
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white, note
    return (image if image.mode in ("L", "RGB") else image.convert("RGB")), note


def _in_8_bits(image: Image.Image) -> tuple[Image.Image, str]:
    """Return the image in mode L, LA, RGB, RGBA or CMYK, and whether fewer bits were stretched."""
    if image.mode.startswith("I;16"):
        levels = np.asarray(image)
        bits = _bits(image, levels)
        grey = _FROM_16_BITS[levels] if bits == 16 else _scaled(levels, 0, 2**bits - 1)
        tags = getattr(image, "tag_v2", {})  # Pillow leaves 16-bit TIFF with 0 = white as it is
        grey = Image.fromarray(255 - grey if tags.get(_PHOTOMETRIC) == 0 else grey)
        return grey, "" if bits == 16 else STRETCHED.format(bits=bits)
    if image.mode in ("I", "F"):
        levels = np.asarray(image)
        bits = _bits(image, levels) if levels.dtype.kind == "i" and levels.min() >= 0 else 16
        if bits < 16:
            return Image.fromarray(_scaled(levels, 0, 2**bits - 1)), STRETCHED.format(bits=bits)
        return Image.fromarray(_to_8_bits(levels)), ""
    return _in_8_bit_mode(image), ""


def _bits(image: Image.Image, levels: NDArray[Any]) -> int:
    """Return how many bits the levels of 16-bit grey have, by what the file says or they show.

    Cameras, microscopes and X-ray detectors give 10, 12 or 14: read as 16, they are nearly black.
    Levels show it where there are several, and none above.
    """
    declared = getattr(image, "tag_v2", {}).get(_MAX_SAMPLE, 0)
    top = declared[0] if isinstance(declared, tuple) else declared
    highest = int(levels.max())
    if top in _DEPTHS and highest <= top:
        return _DEPTHS[top]
    every = 1 + max(levels.shape) // _LOOKED_AT_PX
    if highest > max(_DEPTHS) or len(np.unique(levels[::every, ::every])) < _SEVERAL:
        return 16
    return next(bits for top, bits in _DEPTHS.items() if highest <= top)


def _in_8_bit_mode(image: Image.Image) -> Image.Image:
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
    seen = levels if finite.all() else levels[finite]
    low, high = float(seen.min()), float(seen.max())
    tops = (65535.0,) if levels.dtype.kind == "i" else (1.0, 255.0)
    fitting = [top for top in tops if low >= 0 and high <= top]
    start, top = (0.0, fitting[0]) if fitting else (low, high)
    return _scaled(levels, start, top)


def _scaled(levels: NDArray[Any], start: float, top: float) -> UInt8:
    """Return levels from `start` to `top` as 0…255, rounded; what is not finite becomes 0."""
    made = np.empty(levels.shape, np.uint8)
    for row in range(0, len(levels), _ROWS):  # a large image in one go would take 16 bytes a pixel
        part = levels[row : row + _ROWS].astype(np.float64)
        scaled = (part - start) * (255.0 / ((top - start) or 1.0))
        made[row : row + _ROWS] = np.rint(np.where(np.isfinite(part), scaled, 0.0))
    return made
