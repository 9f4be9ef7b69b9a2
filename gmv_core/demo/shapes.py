"""The drawing board of the demo's portraits: colours, shapes and smooth curves.

Coordinates are fractions of the image's side, x to the right and y down. A `Sketch` collects shapes
in painting order; what they depict is the business of `characters.py`, how they are painted
that of `styles.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """The colours of one portrait, chosen by its style."""

    background: Colour
    disc: Colour
    """The round field behind the head."""
    skin: Colour
    """Skin, fur or metal."""
    light: Colour
    """Muzzle, inner ear: the lighter part of the same head."""
    hair: Colour
    clothes: Colour
    hat: Colour
    scarf: Colour
    trim: Colour
    """Hat band, scarf stripes, buttons."""
    ink: Colour
    """Eyes, mouth, spectacle frames."""
    paper: Colour
    """The lightest colour: lenses, highlights, teeth."""
    blush: Colour
    glow: Colour
    """A robot's eyes and mouth."""


@dataclass(frozen=True)
class Shape:
    """A filled polygon, or a stroke where `width` > 0.

    `points` is (n, 2) float64 in fractions of the side. `detail` marks small features (eyes,
    stripes), which styles paint plainly: no outline of their own, no shading.
    """

    points: Points
    colour: Colour
    width: float = 0.0
    detail: bool = False


@dataclass
class Sketch:
    """Collects shapes; `tilt` (radians) turns what is added about the neck at (0.5, 0.75)."""

    palette: Palette
    tilt: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    shapes: list[Shape] = field(default_factory=list)

    def add(
        self, points: Points, colour: Colour, *, width: float = 0.0, detail: bool = False
    ) -> None:
        """Add a polygon or stroke given upright."""
        neck = np.array([0.5, 0.75])
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        turned = (points - neck) @ np.array([[cos, sin], [-sin, cos]]) + neck
        self.shapes.append(Shape(turned + np.array(self.shift), colour, width, detail))

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        *,
        turn: float = 0.0,
        power: float = 2.0,
        detail: bool = False,
    ) -> None:
        """Add a superellipse: power 2 is an ellipse, 4 and above a rounded box."""
        self.add(superellipse(x, y, rx, ry, turn=turn, power=power), colour, detail=detail)

    def line(self, points: list[tuple[float, float]], colour: Colour, width: float) -> None:
        """Add a stroke through the given points."""
        self.add(np.array(points, dtype=np.float64), colour, width=width, detail=True)


def superellipse(
    x: float, y: float, rx: float, ry: float, *, turn: float = 0.0, power: float = 2.0
) -> Points:
    """Return (72, 2) points on |x/rx|^p + |y/ry|^p = 1, turned by `turn` radians."""
    angle = np.linspace(0.0, 2.0 * np.pi, 72, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    px = rx * np.sign(cos) * np.abs(cos) ** (2.0 / power)
    py = ry * np.sign(sin) * np.abs(sin) ** (2.0 / power)
    return np.stack(
        [x + px * np.cos(turn) - py * np.sin(turn), y + px * np.sin(turn) + py * np.cos(turn)],
        axis=1,
    )


def smooth(corners: list[tuple[float, float]]) -> Points:
    """Return a closed Catmull-Rom curve through `corners`, eight points a span."""
    p1 = np.array(corners, dtype=np.float64)
    p0, p2, p3 = np.roll(p1, 1, 0), np.roll(p1, -1, 0), np.roll(p1, -2, 0)
    t = np.linspace(0.0, 1.0, 8, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (p[:, None, :] for p in (p0, p1, p2, p3))
    curve = 0.5 * (
        2.0 * p1
        + (p2 - p0) * t
        + (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3) * t**2
        + (3.0 * p1 - p0 - 3.0 * p2 + p3) * t**3
    )
    return np.asarray(curve.reshape(-1, 2), dtype=np.float64)


def mirrored(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Reflect points about the vertical middle."""
    return [(1.0 - x, y) for x, y in corners]
