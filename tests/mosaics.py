"""Mosaics of four training images, a quadrant each: what explains each region is known."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

from gmv_core.demo.plan import generated_folder
from gmv_core.images.area import area_average
from gmv_core.types import Float32, Int64, UInt8


@lru_cache(maxsize=1)
def demo_pixels() -> UInt8:
    """Return the 60 generated images that are shipped, (60, 96, 96, 3): here they are sources."""
    paths = sorted(generated_folder().rglob("*.png"))
    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])


def demo_images(*, grey: bool) -> Float32:
    """Return them at 32 px in 0…1, (60, 32, 32, c)."""
    small = np.stack([area_average(image, 32) for image in demo_pixels()]) / np.float32(255)
    return small.mean(axis=3, keepdims=True) if grey else small


def mosaic_of(images: np.ndarray, *, seed: int) -> tuple[np.ndarray, Int64, Int64]:
    """Return a mosaic of four images (n, s, s, c), their rows, and each of 16 × 16 cells' row."""
    rows = np.random.default_rng(seed).permutation(len(images))[:4]
    half, mosaic = images.shape[1] // 2, np.zeros_like(images[0])
    for q, row in enumerate(rows):
        there = tuple(slice(half * at, half * (at + 1)) for at in divmod(q, 2))
        mosaic[there] = images[row][there]
    return mosaic, rows, np.kron(rows.reshape(2, 2), np.ones((8, 8), np.int64))
