"""The four hands that draw the demo set: each owner's palette and way of painting.

A style is a function from the character, its attributes and a random generator to an image. All
paint at three times the final size and are reduced with a Lanczos filter, which gives clean edges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageColor, ImageDraw

from gmv_core.demo.characters import portrait_shapes
from gmv_core.demo.shapes import Colour, Palette, Points, Shape

SIDE_PX = 96
SCALE = 3
CANVAS_PX = SIDE_PX * SCALE


def _rgb(code: str) -> Colour:
    red, green, blue = ImageColor.getrgb(code)[:3]
    return red, green, blue


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return `a` moved towards `b` by `share` in 0…1."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


@dataclass(frozen=True)
class Colours:
    """What a style chooses from, as CSS colours. `heads` holds "main light hair" triples."""

    fields: Sequence[str]
    """"background disc" pairs."""
    cloth: Sequence[str]
    heads: dict[str, Sequence[str]]
    ink: str
    paper: str
    blush: str
    glow: str


def _choose(colours: Colours, kind: str, rng: np.random.Generator) -> Palette:
    """Draw one palette; clothes, hat, scarf and trim never repeat each other or the field."""
    background, disc = str(rng.choice(list(colours.fields))).split()
    skin, light, hair = str(rng.choice(list(colours.heads[kind]))).split()
    cloth = [c for c in colours.cloth if c not in (background, disc, skin)]
    clothes, hat, scarf, trim = (cloth[i] for i in rng.permutation(len(cloth))[:4])
    return Palette(
        background=_rgb(background),
        disc=_rgb(disc),
        skin=_rgb(skin),
        light=_rgb(light),
        hair=_rgb(hair),
        clothes=_rgb(clothes),
        hat=_rgb(hat),
        scarf=_rgb(scarf),
        trim=_rgb(trim),
        ink=_rgb(colours.ink),
        paper=_rgb(colours.paper),
        blush=_rgb(colours.blush),
        glow=_rgb(colours.glow),
    )


FLAT = Colours(
    fields=["#2a9d8f #3fb3a4", "#e9b44c #f2c76b", "#e2725b #ee8b73", "#2d4a63 #3a5f7d",
            "#7ec4cf #9ad5dd", "#c8553d #d96c53"],
    cloth=["#264653", "#e76f51", "#f4a261", "#e9c46a", "#1d7874", "#f7ede2", "#9b2226", "#5b6c9d"],
    heads={
        "bear": ["#8a5a3c #d9a877 #5b3824", "#5c4033 #b98b66 #38251c", "#b9793f #eac08f #7d4c20"],
        "cat": ["#f08a3c #fbd9b0 #b9571a", "#59606b #aab2bd #33383f", "#f3e3c8 #fff7ea #c79a63"],
        "person": ["#f2c09a #dd9f78 #4a2c20", "#c98556 #ad6b40 #231815", "#8a5436 #6f4029 #1c1412",
                   "#f6d1b3 #e3b08c #c2592c", "#e0a878 #c98e5e #6b3a1e"],
        "rabbit": ["#f4efe6 #ffffff #c9b9a4", "#b8a08d #e5d6c8 #7f6a59", "#d8d9de #f6f6f8 #9b9ca6"],
        "robot": ["#a9bcc6 #7f97a4 #4f6672", "#f0c05a #c99a34 #8f6a18", "#8fc1b5 #64998d #3d6b61"],
    },
    ink="#22252e", paper="#fffaf0", blush="#e8877a",
    glow="#8ff0df",
)  # fmt: skip

INK = Colours(
    fields=["#f7f0e1 #f2b84b", "#f7f0e1 #7db9b0", "#f7f0e1 #e88873", "#f7f0e1 #a9b7d9"],
    cloth=["#d6453d", "#2f6f8f", "#f2b84b", "#f7f0e1", "#5d9c7d", "#e88873", "#5a4a78"],
    heads={
        "bear": ["#a9764b #f0d3a8 #6b4426", "#d3a06a #f7e2bd #8a5f35"],
        "cat": ["#f0a04e #fdeccb #8a4a1a", "#9aa3ad #eef0ee #4c535c", "#fbf3df #ffffff #8f7a5c"],
        "person": ["#f6cfa9 #e6a97e #3a2a2a", "#d79a6a #b97847 #2a2020", "#9b6440 #7a4a2c #201818",
                   "#fadcc0 #e9b592 #d4722e"],
        "rabbit": ["#fffaf0 #ffffff #b9a88f", "#cdb79c #f5ead8 #8a7459"],
        "robot": ["#c9d6d8 #9fb3b8 #6a7f86", "#f3c766 #d9a53c #9b7420"],
    },
    ink="#211c33", paper="#fffdf6", blush="#e8786f",
    glow="#ffd35c",
)  # fmt: skip

PASTEL = Colours(
    fields=["#fbd3c6 #fde6dc", "#d3d8f6 #e6e8fc", "#c9ebe0 #def5ee", "#f6d6ea #fbe6f4",
            "#fbe8bd #fdf2d8"],
    cloth=["#e8a0b4", "#9fb4e8", "#8fd0bd", "#f6c490", "#c3a3e0", "#f5e2a0", "#f2a596"],
    heads={
        "bear": ["#cfa58a #f3dcc8 #9b7660", "#e2bfa2 #faead9 #b08a6c"],
        "cat": ["#f5c39b #fdebd9 #d39a6c", "#b9b6cf #e9e7f4 #8a86a8", "#fbeee2 #ffffff #d9bda4"],
        "person": ["#f9d7c3 #eebaa0 #a8786a", "#dcae90 #c89274 #7a5a58", "#b58468 #9c6c54 #5e4650",
                   "#fbe0d0 #f2c4ac #e0a88a"],
        "rabbit": ["#fdf6f4 #ffffff #e0c8cc", "#d9c8d6 #f4eaf2 #ab97a8"],
        "robot": ["#bfd3e6 #9cb8d3 #7f9cba", "#d6c9ec #b8a8d8 #9786bd"],
    },
    ink="#5d5378", paper="#fffdfd", blush="#f49fa8",
    glow="#c9fff0",
)  # fmt: skip

# Risograph colours are ink densities, not colours to be seen: red holds the first ink, green the
# second, blue is unused. 00 prints nothing, ff prints solid, between them are halftone dots. Heads
# are solid or bare, so that no dots cross a face.
RISO = Colours(
    fields=["#000000 #006000", "#000000 #004400", "#004000 #000000", "#000000 #007800"],
    cloth=["#ff0000", "#00ff00", "#7a0000", "#006c00", "#ffff00", "#000000"],
    heads={
        "bear": ["#ff0000 #000000 #00ff00"],
        "cat": ["#ff0000 #000000 #00ff00"],
        "person": ["#ff0000 #ff0000 #00ff00", "#000000 #600000 #00ff00", "#000000 #600000 #ff0000"],
        "rabbit": ["#ff0000 #000000 #00ff00"],
        "robot": ["#ff0000 #700000 #00ff00", "#700000 #ff0000 #00ff00"],
    },
    ink="#00ff00", paper="#000000", blush="#700000",
    glow="#000000",
)  # fmt: skip

RISO_INKS = (("#ff5a7a", "#22479e"), ("#f58a1f", "#126e6b"), ("#f2c400", "#b02a5b"))
RISO_PAPER = "#f6f1e4"
HALFTONE_CELL_PX = 5 * SCALE  # smaller cells would not survive at 96 px


def _pixels(shape: Shape) -> list[tuple[float, float]]:
    return [(x, y) for x, y in (shape.points * CANVAS_PX).tolist()]


def _stroke(
    draw: ImageDraw.ImageDraw,
    points: Sequence[tuple[float, float]],
    colour: Colour,
    width_px: float,
) -> None:
    """A line with round joints and round ends."""
    draw.line(list(points), fill=colour, width=round(width_px), joint="curve")
    radius = (width_px - 1.0) / 2.0
    for x, y in (points[0], points[-1]):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _fill(draw: ImageDraw.ImageDraw, shape: Shape) -> None:
    points = _pixels(shape)
    if shape.width:
        _stroke(draw, points, shape.colour, shape.width * CANVAS_PX)
    else:
        draw.polygon(points, fill=shape.colour)


def _canvas(colour: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (CANVAS_PX, CANVAS_PX), colour)
    return image, ImageDraw.Draw(image)


def _reduced(image: Image.Image) -> Image.Image:
    return image.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)


def _right_half(points: Points) -> Points:
    """Cut an (n, 2) polygon at x = 0.5 and return its right part, empty if it has none."""
    ahead = np.roll(points, -1, axis=0)
    side, next_side = points[:, 0] - 0.5, ahead[:, 0] - 0.5
    crosses = side * next_side < 0.0
    share = side / np.where(crosses, side - next_side, 1.0)
    edge = points + (ahead - points) * share[:, None]
    kept = np.stack([side >= 0.0, crosses], axis=1)
    return np.stack([points, edge], axis=1)[kept]


def flat_colour(kind: str, worn: frozenset[str], rng: np.random.Generator) -> Image.Image:
    """Plain colours without outlines; one side of each large form lies in shade."""
    palette = _choose(FLAT, kind, rng)
    image, draw = _canvas(palette.background)
    for shape in portrait_shapes(kind, worn=worn, palette=palette, rng=rng):
        _fill(draw, shape)
        if not (shape.detail or shape.width):
            right = _right_half(shape.points)
            if len(right) > 2:
                dark = _mix(shape.colour, palette.ink, 0.16)
                _fill(draw, replace(shape, points=right, colour=dark))
    return _reduced(image)


def ink_outline(kind: str, worn: frozenset[str], rng: np.random.Generator) -> Image.Image:
    """Cream paper, one coloured disc, and an even dark line around every large form."""
    palette = _choose(INK, kind, rng)
    image, draw = _canvas(palette.background)
    line_px = 0.024 * CANVAS_PX
    for shape in portrait_shapes(kind, worn=worn, palette=palette, rng=rng):
        if shape.width:  # whiskers in paper white would vanish on paper
            colour = palette.ink if shape.colour == palette.paper else shape.colour
            shape = replace(shape, colour=colour)
        _fill(draw, shape)
        if not (shape.detail or shape.width):
            points = _pixels(shape)
            _stroke(draw, [*points, points[0]], palette.ink, line_px)
    return _reduced(image)


def soft_pastel(kind: str, worn: frozenset[str], rng: np.random.Generator) -> Image.Image:
    """Pastel colours, each form running from light at its top to full colour at its foot."""
    palette = _choose(PASTEL, kind, rng)
    image, draw = _canvas(palette.background)
    ramp = Image.linear_gradient("L")  # black at the top, white at the foot
    low = Image.new("RGB", (CANVAS_PX, CANVAS_PX), _mix(palette.background, palette.blush, 0.5))
    image.paste(low, (0, 0), ramp.resize(image.size))
    for shape in portrait_shapes(kind, worn=worn, palette=palette, rng=rng):
        if shape.detail or shape.width:
            _fill(draw, shape)
            continue
        points = shape.points * CANVAS_PX
        left, top = np.floor(points.min(axis=0)).astype(int).tolist()
        right, foot = np.ceil(points.max(axis=0)).astype(int).tolist()
        mask = Image.new("L", (right - left, foot - top), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points.tolist()], fill=255)
        image.paste(_mix(shape.colour, palette.paper, 0.45), (left, top), mask)
        deep = _mix(shape.colour, palette.ink, 0.14)
        image.paste(deep, (left, top), ImageChops.multiply(mask, ramp.resize(mask.size)))
    return _reduced(image)


def risograph(kind: str, worn: frozenset[str], rng: np.random.Generator) -> Image.Image:
    """Two spot inks on paper, tones as halftone dots, the second ink slightly out of register."""
    palette = _choose(RISO, kind, rng)
    image, draw = _canvas(palette.background)
    for shape in portrait_shapes(kind, worn=worn, palette=palette, rng=rng):
        _fill(draw, shape)
    density = np.asarray(image, dtype=np.float32)[:, :, :2] / 255.0
    density[SCALE:, SCALE:, 1] = density[:-SCALE, :-SCALE, 1].copy()
    paper = np.array(_rgb(RISO_PAPER)) / 255.0
    # One table look-up a pixel: which of the two inks lie there, 0…3.
    cover = (density > _halftone_screens()) @ np.array([1, 2], dtype=np.uint8)
    inks = [np.array(_rgb(code)) / 255.0 for code in RISO_INKS[int(rng.integers(len(RISO_INKS)))]]
    table = np.stack([paper, paper * inks[0], paper * inks[1], paper * inks[0] * inks[1]])
    return _reduced(Image.fromarray(np.round(table * 255.0).astype(np.uint8)[cover]))


@lru_cache(maxsize=1)
def _halftone_screens() -> NDArray[np.float32]:
    """Return (CANVAS_PX, CANVAS_PX, 2) float32 in 0…1: a density above it is printed.

    The threshold at a point is the share of the plane where the screen function is lower, so a
    density d covers about d of the paper. The first ink's screen is upright, the second's turned.
    """
    y, x = np.mgrid[:CANVAS_PX, :CANVAS_PX].astype(np.float32)
    screens = []
    for u, v in ((x, y), ((x + y) / np.sqrt(2.0), (x - y) / np.sqrt(2.0))):
        wave = 2.0 * np.pi / HALFTONE_CELL_PX
        screen = np.round((2.0 - np.cos(u * wave) - np.cos(v * wave)) / 4.0, 4)
        order = np.sort(screen, axis=None)
        screens.append(np.searchsorted(order, screen) / screen.size)
    return np.stack(screens, axis=2).astype(np.float32)


STYLES: dict[str, Callable[[str, frozenset[str], np.random.Generator], Image.Image]] = {
    "flat colour": flat_colour,
    "ink outline": ink_outline,
    "soft pastel": soft_pastel,
    "risograph": risograph,
}
