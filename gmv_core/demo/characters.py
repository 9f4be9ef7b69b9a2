"""The characters of the demo set: which shapes make a portrait.

Five kinds of character and four attributes, each a few shapes on a `Sketch`. Nothing here knows
about owners, files or noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmv_core.demo.shapes import Palette, Shape, Sketch, mirrored, smooth

ATTRIBUTES = ("hat", "glasses", "scarf", "smile")


@dataclass(frozen=True)
class Face:
    """Where things sit on a head, all in fractions of the side."""

    eye_y: float
    eye_dx: float
    mouth_y: float
    mouth_width: float
    hat_y: float
    """Height of the hat's lower edge."""
    hat_width: float
    """Half the width of that edge."""
    eye_colour: str = "ink"
    """Which palette colour draws the eyes and the mouth."""


def person(s: Sketch, rng: np.random.Generator, *, hat: bool) -> Face:
    """A person: bare neck, ears at the sides, one of four haircuts."""
    p = s.palette
    cut = int(rng.integers(4))
    if cut == 0:  # long
        s.oval(0.5, 0.55, 0.255, 0.29, p.hair, power=2.8)
    elif cut == 1:  # round and full
        s.oval(0.5, 0.4, 0.275, 0.25, p.hair)
    elif cut == 2 and not hat:  # bun
        s.oval(0.5, 0.185, 0.085, 0.08, p.hair)
    s.oval(0.5, 0.7, 0.075, 0.13, p.light, power=5.0)
    _collar(s)
    for x in (0.3, 0.7):
        s.oval(x, 0.49, 0.04, 0.05, p.skin)
    s.oval(0.5, 0.465, 0.2, 0.23, p.skin, power=2.2)
    fringe = {
        0: [(0.29, 0.47), (0.3, 0.3), (0.5, 0.205), (0.7, 0.3), (0.71, 0.47), (0.62, 0.36),
            (0.5, 0.315), (0.38, 0.36)],
        1: [(0.28, 0.43), (0.31, 0.25), (0.5, 0.18), (0.69, 0.25), (0.72, 0.43), (0.64, 0.345),
            (0.5, 0.325), (0.36, 0.345)],
        2: [(0.285, 0.47), (0.3, 0.29), (0.5, 0.21), (0.7, 0.29), (0.715, 0.47), (0.67, 0.38),
            (0.53, 0.345), (0.4, 0.285), (0.33, 0.38)],
        3: [(0.285, 0.45), (0.27, 0.28), (0.42, 0.18), (0.62, 0.175), (0.73, 0.28), (0.715, 0.45),
            (0.665, 0.36), (0.55, 0.35), (0.4, 0.36), (0.335, 0.36)],
    }[cut]  # fmt: skip
    s.add(smooth(fringe), p.hair)
    s.line([(0.5, 0.5), (0.487, 0.545), (0.508, 0.548)], p.light, 0.014)
    return Face(0.475, 0.085, 0.6, 0.085, hat_y=0.36, hat_width=0.235)


def cat(s: Sketch, rng: np.random.Generator, *, hat: bool) -> Face:
    """A cat: a wide head, pointed ears, whiskers."""
    p = s.palette
    _collar(s)
    for side in (lambda c: c, mirrored):
        s.add(smooth(side([(0.235, 0.47), (0.215, 0.2), (0.255, 0.165), (0.455, 0.33)])), p.skin)
        s.add(smooth(side([(0.275, 0.39), (0.265, 0.25), (0.375, 0.325)])), p.blush, detail=True)
    s.oval(0.5, 0.51, 0.285, 0.215, p.skin, power=2.3)
    if not hat:
        for dx in (-0.06, 0.0, 0.06):
            s.line([(0.5 + dx, 0.315), (0.5 + dx * 0.7, 0.375)], p.hair, 0.022)
    s.oval(0.445, 0.6, 0.075, 0.06, p.light, detail=True)
    s.oval(0.555, 0.6, 0.075, 0.06, p.light, detail=True)
    for side in (lambda c: c, mirrored):
        s.line(side([(0.33, 0.59), (0.16, 0.565)]), p.paper, 0.012)
        s.line(side([(0.33, 0.62), (0.17, 0.645)]), p.paper, 0.012)
    s.add(smooth([(0.465, 0.555), (0.535, 0.555), (0.5, 0.59)]), p.blush, detail=True)
    return Face(0.485, 0.125, 0.625, 0.07, hat_y=0.365, hat_width=0.185)


def bear(s: Sketch, rng: np.random.Generator, *, hat: bool) -> Face:
    """A bear: round ears, a large light muzzle."""
    p = s.palette
    _collar(s)
    for x in (0.285, 0.715):
        s.oval(x, 0.3, 0.1, 0.1, p.skin)
        s.oval(x, 0.3, 0.055, 0.055, p.light, detail=True)
    s.oval(0.5, 0.49, 0.26, 0.245, p.skin, power=2.15)
    s.oval(0.5, 0.605, 0.135, 0.1, p.light, detail=True)
    s.oval(0.5, 0.555, 0.05, 0.034, p.ink, power=2.4, detail=True)
    return Face(0.47, 0.105, 0.64, 0.075, hat_y=0.36, hat_width=0.205)


def robot(s: Sketch, rng: np.random.Generator, *, hat: bool) -> Face:
    """A robot: a box with a dark screen for a face, bolts and an aerial."""
    p = s.palette
    s.oval(0.5, 0.7, 0.07, 0.12, p.light, power=6.0)
    _collar(s, power=5.0)
    if not hat:
        s.add(np.array([(0.485, 0.14), (0.515, 0.14), (0.515, 0.3), (0.485, 0.3)]), p.light)
        s.oval(0.5, 0.125, 0.045, 0.045, p.trim)
    for x in (0.225, 0.775):
        s.oval(x, 0.475, 0.05, 0.085, p.light, power=4.0)
    s.oval(0.5, 0.465, 0.265, 0.215, p.skin, power=5.0)
    s.oval(0.5, 0.475, 0.215, 0.155, p.ink, power=4.5, detail=True)
    return Face(0.44, 0.1, 0.56, 0.085, hat_y=0.315, hat_width=0.24, eye_colour="glow")


def rabbit(s: Sketch, rng: np.random.Generator, *, hat: bool) -> Face:
    """A rabbit: long ears, full cheeks, two teeth."""
    p = s.palette
    _collar(s)
    spread = float(rng.uniform(0.12, 0.3))
    for sign in (-1.0, 1.0):
        s.oval(0.5 + sign * 0.15, 0.235, 0.068, 0.195, p.skin, turn=sign * spread)
        s.oval(0.5 + sign * 0.15, 0.245, 0.034, 0.14, p.blush, turn=sign * spread, detail=True)
    s.oval(0.5, 0.555, 0.245, 0.2, p.skin, power=2.2)
    s.oval(0.45, 0.625, 0.07, 0.058, p.light, detail=True)
    s.oval(0.55, 0.625, 0.07, 0.058, p.light, detail=True)
    s.add(smooth([(0.468, 0.58), (0.532, 0.58), (0.5, 0.612)]), p.blush, detail=True)
    s.add(
        np.array([(0.468, 0.655), (0.532, 0.655), (0.528, 0.71), (0.472, 0.71)]),
        p.paper,
        detail=True,
    )
    return Face(0.53, 0.11, 0.645, 0.065, hat_y=0.42, hat_width=0.2)


CHARACTERS: dict[str, Callable[..., Face]] = {
    "bear": bear,
    "cat": cat,
    "person": person,
    "rabbit": rabbit,
    "robot": robot,
}


def _collar(s: Sketch, *, power: float = 2.6) -> None:
    """Draw the shoulders; they stay level when the head tilts."""
    tilt, s.tilt = s.tilt, 0.0
    s.oval(0.5, 1.04, 0.36, 0.285, s.palette.clothes, power=power)
    s.tilt = tilt


def _scarf(s: Sketch) -> None:
    p = s.palette
    tail = [(0.56, 0.76), (0.7, 0.74), (0.735, 1.02), (0.6, 1.02)]
    s.add(np.array(tail), p.scarf)
    s.add(np.array([(0.582, 0.885), (0.718, 0.885), (0.724, 0.93), (0.589, 0.93)]), p.trim,
          detail=True)  # fmt: skip
    s.oval(0.5, 0.785, 0.245, 0.075, p.scarf, power=3.0)
    for x in (0.36, 0.5, 0.64):
        s.add(np.array([(x - 0.03, 0.716), (x + 0.02, 0.712), (x + 0.035, 0.856),
                        (x - 0.015, 0.858)]), p.trim, detail=True)  # fmt: skip


def _eyes(s: Sketch, face: Face) -> None:
    p = s.palette
    colour = getattr(p, face.eye_colour)
    for sign in (-1.0, 1.0):
        x = 0.5 + sign * face.eye_dx
        s.oval(x, face.eye_y, 0.034, 0.042, colour, detail=True)
        s.oval(x + 0.01, face.eye_y - 0.015, 0.012, 0.013, p.paper, detail=True)


def _mouth(s: Sketch, face: Face, *, smile: bool) -> None:
    p = s.palette
    colour = getattr(p, face.eye_colour)
    y, w = face.mouth_y, face.mouth_width
    if not smile:
        s.line([(0.5 - w * 0.6, y + 0.022), (0.5 + w * 0.6, y + 0.022)], colour, 0.02)
        return
    turn = np.linspace(0.0, np.pi, 24)
    arc = np.stack([0.5 - w * np.cos(turn), y - 0.005 + w * 0.95 * np.sin(turn)], axis=1)
    s.add(arc, colour, detail=True)
    tongue = np.stack(
        [0.5 - w * 0.55 * np.cos(turn), y + w * 0.85 - w * 0.45 * np.sin(turn)], axis=1
    )
    s.add(tongue, p.blush if face.eye_colour == "ink" else p.ink, detail=True)


def _glasses(s: Sketch, face: Face, rng: np.random.Generator) -> None:
    """Round or square frames with pale lenses, so that they read on dark fur as well."""
    p = s.palette
    # On a robot's dark screen the frames are pale and the lenses dark.
    frame, lens = (p.ink, p.paper) if face.eye_colour == "ink" else (p.paper, p.ink)
    power = float(rng.choice([2.0, 4.0]))
    radius = min(0.098, face.eye_dx + 0.004)
    s.line([(0.5 - face.eye_dx, face.eye_y - 0.01), (0.5 + face.eye_dx, face.eye_y - 0.01)],
           frame, 0.026)  # fmt: skip
    for sign in (-1.0, 1.0):
        x = 0.5 + sign * face.eye_dx
        s.line([(x + sign * 0.07, face.eye_y - 0.01), (x + sign * 0.13, face.eye_y - 0.035)],
               frame, 0.026)  # fmt: skip
        s.oval(x, face.eye_y, radius, radius * 0.96, frame, power=power, detail=True)
        s.oval(x, face.eye_y, radius - 0.025, radius * 0.96 - 0.025, lens, power=power,
               detail=True)  # fmt: skip


def _hat(s: Sketch, face: Face, rng: np.random.Generator) -> None:
    """A bobble hat or a bowler."""
    p = s.palette
    y, w = face.hat_y, face.hat_width
    turn = np.linspace(np.pi, 2.0 * np.pi, 40)
    if rng.random() < 0.5:
        s.oval(0.5, y - 0.235, 0.058, 0.056, p.trim)
        dome = np.stack([0.5 + w * np.cos(turn), y - 0.02 + 0.205 * np.sin(turn)], axis=1)
        s.add(dome, p.hat)
        s.oval(0.5, y - 0.012, w + 0.02, 0.042, p.trim, power=5.0)
        return
    wide = w * 0.8
    crown = np.stack(
        [0.5 + wide * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.6,
         y - 0.01 + 0.215 * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.6], axis=1
    )  # fmt: skip
    s.add(crown, p.hat)
    band = [(0.5 - wide, y - 0.085), (0.5 + wide, y - 0.085), (0.5 + wide, y), (0.5 - wide, y)]
    s.add(np.array(band), p.trim, detail=True)
    s.oval(0.5, y, w + 0.075, 0.033, p.hat, power=2.6)


def portrait_shapes(
    kind: str, *, worn: frozenset[str], palette: Palette, rng: np.random.Generator
) -> list[Shape]:
    """Return the shapes of one portrait in painting order.

    Args:
        kind: a key of `CHARACTERS`.
        worn: the attributes to draw, out of `ATTRIBUTES`.
        palette: the colours.
        rng: chooses pose, haircut, and the cut of hat and glasses.
    """
    s = Sketch(palette)
    s.oval(0.5, 0.5, 0.42, 0.42, palette.disc, detail=True)
    s.shift = (float(rng.uniform(-0.015, 0.015)), float(rng.uniform(-0.01, 0.02)))
    s.tilt = float(rng.uniform(-0.07, 0.07))
    face = CHARACTERS[kind](s, rng, hat="hat" in worn)
    if "glasses" in worn:
        _glasses(s, face, rng)
    _eyes(s, face)
    _mouth(s, face, smile="smile" in worn)
    if "scarf" in worn:
        s.tilt, tilt = 0.0, s.tilt
        _scarf(s)
        s.tilt = tilt
    if "hat" in worn:
        _hat(s, face, rng)
    return s.shapes
