"""A run with noisy copies, under a network that takes every image for a stranger."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import numpy as np
from PIL import Image

from gmv_core import MatchSettings, RunSettings, Workspace, build, open_source, value
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.types import Embedder, Float32, UInt8
from tests.fakes import write_images

FEW = MatchSettings(2, "none", "none")
COPIED = ("class0/0000.png", "class0/0003.png", "class0/0006.png")


def strangers() -> Embedder:
    """Return an embedder whose vectors have nothing to do with how alike two images are."""

    def vectors(images: UInt8) -> Float32:
        seeds = [crc32(np.ascontiguousarray(image).tobytes()) for image in images]
        drawn = np.stack([np.random.default_rng(seed).normal(size=16) for seed in seeds])
        unit: Float32 = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return unit

    return from_callable(vectors, key="strangers", side_px=16, dim=16)


def noisy(path: Path, target: Path, seed: int) -> None:
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(float)
    pixels += np.random.default_rng(seed).normal(0, 25, pixels.shape)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(target)


def write_noisy_run(root: Path) -> None:
    """Write a run of thirteen images, of which "0.png" to "2.png" are COPIED with noise on them.

    The workspace is root/home, its training set of 60 images train; 200 are held out.
    """
    train, made = write_images(root / "train", 60), root / "made"
    workspace = Workspace(root / "home")
    build(workspace, open_source(train), name="train", embedder=strangers())
    write_images(made / "new", 10, first_seed=100)
    for place, name in enumerate(COPIED):
        noisy(train / name, made / f"{place}.png", place)
    held = open_source(write_images(root / "held", 200, first_seed=500))
    value(workspace, open_source(made), against="train", name="run", held_out=held,
          settings=RunSettings(FEW), embedder=strangers())  # fmt: skip
