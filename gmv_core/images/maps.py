"""Maps over an image as pictures: heat in one or two directions, regions in colours, side by side.

The colours are Okabe and Ito's, which the colour-blind tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmv_core.types import Float64, Int64, UInt8

BLUE, RED, WHITE = (0, 114, 178), (213, 94, 0), (255, 255, 255)
COLOURS = (BLUE, RED, (0, 158, 115), (204, 121, 167), (86, 180, 233), (230, 159, 0), (240, 228, 66))
OTHERS = (160, 160, 160)
GAP_PX = 8


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
    found = np.full((*sources.shape, 3), OTHERS, np.uint8)
    for one, colour in zip(order, COLOURS, strict=False):
        found[sources == one] = colour
    return found


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
