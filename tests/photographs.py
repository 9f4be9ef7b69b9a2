"""Photographs that every machine with the test tools has, drawings that have no source among them,
and a run of the one against the other.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

from gmv_core import Workspace, build, open_source, value
from gmv_core.models.embedders.lite0 import EMBEDDED
from gmv_core.settings import BuildSettings, EmbedSettings, MatchSettings, RunSettings
from gmv_core.types import UInt8
from tests.fakes import png

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "moon", "camera", "coins")
CUT_PX = 64
LEAST_SPREAD = 25  # standard deviation of a cut's pixels
TRAINING, HELD_OUT, DRAWINGS = 150, 60, 6
COPY, LIGHTER = "copy.png", "lighter.png"  # of the training images 000.png and 001.png
TWICE = 134  # the training image that is closest to most drawings, so that it earns
TWIN = f"twin-of-{TWICE}.png"  # beside it in the training set, with the same pixels


def cuts() -> list[UInt8]:
    """Return squares of photographs, (64, 64, 3) each, in an order that mixes them.

    Not those that show next to nothing, such as a night sky: these are near copies of each other.
    """
    found = []
    for name in PHOTOGRAPHS:
        photograph = np.asarray(Image.fromarray(getattr(data, name)()).convert("RGB"))
        found += [
            photograph[y : y + CUT_PX, x : x + CUT_PX]
            for y in range(0, photograph.shape[0] - CUT_PX + 1, CUT_PX)
            for x in range(0, photograph.shape[1] - CUT_PX + 1, CUT_PX)
        ]
    found = [cut for cut in found if cut.std() > LEAST_SPREAD]
    return [found[i] for i in np.random.default_rng(0).permutation(len(found))]


def drawing(seed: int) -> UInt8:
    """Return ellipses on a blue ground, (64, 64, 3)."""
    rng, image = np.random.default_rng(seed), Image.new("RGB", (CUT_PX, CUT_PX), (20, 60, 200))
    pen = ImageDraw.Draw(image)
    for _ in range(5):
        (x, y), (w, h) = rng.integers(0, 48, 2), rng.integers(8, 24, 2)
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        pen.ellipse((x, y, x + w, y + h), fill=colour)
    return np.asarray(image)


def write_drawings_run(root: Path) -> None:
    """Write a run of drawings, an exact copy and a lighter copy against cuts of photographs.

    One training image is there twice. Near copies were not looked for. The workspace is root/home.
    """
    squares = cuts()
    train, held = squares[:TRAINING], squares[TRAINING : TRAINING + HELD_OUT]
    lighter = np.minimum(train[1] * 1.1, 255).astype(np.uint8)
    folders = {
        "train": {f"{i:03d}.png": cut for i, cut in enumerate(train)} | {TWIN: train[TWICE]},
        "held": {f"{i:03d}.png": cut for i, cut in enumerate(held)},
        "made": {f"drawing-{i}.png": drawing(i) for i in range(DRAWINGS)}
        | {COPY: train[0], LIGHTER: lighter},
    }
    for folder, images in folders.items():
        (root / folder).mkdir()
        for name, pixels in images.items():
            (root / folder / name).write_bytes(png(pixels))
    workspace, settings = (
        Workspace(root / "home"),
        BuildSettings(embed=EmbedSettings(EMBEDDED, "fp32")),
    )
    build(workspace, open_source(root / "train"), name="train", settings=settings)
    value(
        workspace, open_source(root / "made"), against="train", name="run",
        held_out=open_source(root / "held"),
        settings=RunSettings(MatchSettings(distance="features", quality="none")),
    )  # fmt: skip
