"""Maps over an image as pictures: heat in one or two directions, regions in colours, side by side.

A map can also be laid over the image that it is of. The colours are Okabe and Ito's, which the
colour-blind tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gmv_core.types import Float64, Int64, UInt8

Colour = tuple[int, int, int]
BLUE, RED, WHITE = (0, 114, 178), (213, 94, 0), (255, 255, 255)
COLOURS = (BLUE, RED, (0, 158, 115), (204, 121, 167), (86, 180, 233), (230, 159, 0), (240, 228, 66))
OTHERS = (160, 160, 160)
GAP_PX = 8
PICTURE_PX = 384  # the longest side of a map that is laid over an image
TINT = 0.8  # how much of it the strongest colour hides
FULL = 0.95  # the quantile of what is not 0 from which on a map is at its strongest


def heat(values: Float64) -> UInt8:
    """Return a map as a picture, (h, w, 3): white at 0, blue above, red below, full at the largest.

    values: (h, w).
    """
    largest = float(np.abs(values).max(initial=0)) or 1.0
    strength = (np.abs(values) / largest)[..., None]
    full = np.where(values[..., None] >= 0, np.array(BLUE), np.array(RED))
    found: UInt8 = np.rint(np.array(WHITE) * (1 - strength) + full * strength).astype(np.uint8)
    return found


def coloured(sources: Int64, order: Sequence[int]) -> UInt8:
    """Return regions as a picture, (h, w, 3): a colour each for the first ids, grey for others.

    sources: (h, w), the id of each region. order: ids, of which the first get colours.
    """
    return filled(sources, dict(zip(order, COLOURS, strict=False)))


def filled(sources: Int64, colours: Mapping[int, Colour]) -> UInt8:
    """Return regions as a picture, (h, w, 3), by the colour of each id; grey without one."""
    found = np.full((*sources.shape, 3), OTHERS, np.uint8)
    for one, colour in colours.items():
        found[sources == one] = colour
    return found


def differing(pixels: UInt8, values: Float64) -> UInt8:
    """Return an image in grey, red where a map is high; its lower half is clear.

    pixels: (h, w, 3). values: (s, s), at least 0, a square over the whole image.
    """
    above = np.maximum(values - np.median(values), 0)
    return tinted(pixels, -above)


def tinted(pixels: UInt8, values: Float64) -> UInt8:
    """Return an image in grey under a map's colours: blue above 0, red below, clear at 0.

    pixels: (h, w, 3). values: (s, s), a square over the whole image.
    """
    full = np.where(values[..., None] >= 0, np.array(BLUE), np.array(RED)).astype(np.uint8)
    return _laid(_grey(pixels), full, TINT * _strength(values))


def stained(pixels: UInt8, sources: Int64, colours: Mapping[int, Colour]) -> UInt8:
    """Return an image in grey under the colours of its regions; see `filled`.

    pixels: (h, w, 3). sources: (s, s), a square over the whole image.
    """
    return _laid(_grey(pixels), filled(sources, colours), np.full(sources.shape, 0.6), sharp=True)


def _strength(values: Float64) -> Float64:
    size = np.abs(values)
    some = size[size > 0]
    return np.clip(size / np.quantile(some, FULL), 0, 1) if len(some) else size


def _grey(pixels: UInt8) -> UInt8:
    light = pixels.mean(axis=2, keepdims=True)
    grey: UInt8 = np.rint(np.repeat(light, 3, axis=2)).astype(np.uint8)
    return grey


def _laid(pixels: UInt8, over: UInt8, share: Float64, *, sharp: bool = False) -> UInt8:
    """Lay a picture over an image, both at PICTURE_PX. share: (s, s) of it, 0 to 1."""
    from PIL import Image

    h, w = pixels.shape[:2]
    scale = PICTURE_PX / max(h, w)
    size = max(1, round(w * scale)), max(1, round(h * scale))
    between = Image.Resampling.NEAREST if sharp else Image.Resampling.BILINEAR
    crisp = Image.Resampling.NEAREST if scale >= 3 else Image.Resampling.BICUBIC
    base = Image.fromarray(pixels).resize(size, crisp)
    top = Image.fromarray(over).resize(size, between)
    mask = Image.fromarray(np.rint(255 * share).astype(np.uint8)).resize(size, between)
    return np.asarray(Image.composite(top, base, mask))


def side_by_side(pictures: Sequence[UInt8], side_px: int) -> UInt8:
    """Return pictures (h, w, 3) as squares of side_px in a row, white between, pixels sharp."""
    from PIL import Image

    width = len(pictures) * (side_px + GAP_PX) - GAP_PX
    sheet = np.full((side_px, width, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        left = i * (side_px + GAP_PX)
        square = Image.fromarray(picture).resize((side_px, side_px), Image.Resampling.NEAREST)
        sheet[:, left : left + side_px] = np.asarray(square)
    return sheet
