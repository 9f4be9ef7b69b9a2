"""A contact sheet of what the generators made: one row a model, one column a class."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.kit.data import Images

TILE_PX, GAP_PX, LEFT_PX, TOP_PX = 64, 6, 120, 30
INK = "#222222"


def contact_sheet(rows: Mapping[str, Images], titles: tuple[str, ...]) -> Image.Image:
    """Draw the first image of each class, under the class's title; rows: by their title."""
    step = TILE_PX + GAP_PX
    size = (LEFT_PX + len(titles) * step, TOP_PX + len(rows) * step)
    sheet, font = Image.new("RGB", size, "white"), ImageFont.load_default(12)
    pen = ImageDraw.Draw(sheet)
    for column, title in enumerate(titles):
        pen.text((LEFT_PX + column * step, 8), title, INK, font)
    for line, (title, images) in enumerate(rows.items()):
        top = TOP_PX + line * step
        pen.text((8, top + TILE_PX // 2 - 8), title, INK, font)
        for column in range(len(titles)):
            first = images.pixels[np.flatnonzero(images.classes == column)[0]]
            sheet.paste(_tile(first), (LEFT_PX + column * step, top))
    return sheet


def below(sheets: list[Image.Image]) -> Image.Image:
    """Put sheets one below the other."""
    whole = Image.new("RGB", (max(s.width for s in sheets), sum(s.height for s in sheets)), "white")
    top = 0
    for sheet in sheets:
        whole.paste(sheet, (0, top))
        top += sheet.height
    return whole


def _tile(pixels: np.ndarray) -> Image.Image:
    flat = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    return Image.fromarray(flat).convert("RGB").resize((TILE_PX, TILE_PX), Image.Resampling.BICUBIC)
