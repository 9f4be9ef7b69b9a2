"""Copies that are planted among unseen images: how each is made from a training image's pixels."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from gmv_core.types import UInt8

Copy = Callable[[UInt8, np.random.Generator], UInt8]


def reencoded(pixels: UInt8, quality: int) -> UInt8:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def resized(pixels: UInt8, share: float) -> UInt8:
    """Resize to a share of the sides and back."""
    height, width = pixels.shape[:2]
    small = Image.fromarray(pixels).resize(
        (round(width * share), round(height * share)), Image.Resampling.BICUBIC
    )
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def lightened(pixels: UInt8, factor: float) -> UInt8:
    return np.clip(pixels * factor, 0, 255).astype(np.uint8)


def cropped(pixels: UInt8, share: float) -> UInt8:
    """Cut out the middle and bring it to the old size."""
    height, width = pixels.shape[:2]
    edge = (1 - share) / 2
    box = (edge * width, edge * height, width - edge * width, height - edge * height)
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, box=box))


def shifted(pixels: UInt8, px: int) -> UInt8:
    return np.pad(pixels, ((0, 0), (px, 0), (0, 0)), mode="edge")[:, : pixels.shape[1]]


def noisy(pixels: UInt8, sigma: float, rng: np.random.Generator) -> UInt8:
    noise = rng.normal(0, 255 * sigma, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


COPIES: dict[str, Copy] = {
    "JPEG 50": lambda pixels, _: reencoded(pixels, 50),
    "resized to 75 % and back": lambda pixels, _: resized(pixels, 0.75),
    "10 % lighter": lambda pixels, _: lightened(pixels, 1.1),
    "10 % darker": lambda pixels, _: lightened(pixels, 0.9),
    "cropped to 90 %": lambda pixels, _: cropped(pixels, 0.9),
    "shifted by 2 px": lambda pixels, _: shifted(pixels, 2),
    "noise σ = 0.1": lambda pixels, rng: noisy(pixels, 0.1, rng),
    "mirrored": lambda pixels, _: np.ascontiguousarray(pixels[:, ::-1]),
}
