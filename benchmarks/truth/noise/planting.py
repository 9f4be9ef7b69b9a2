"""Noise of five kinds planted into a training set: which images, what is done to them, and a mark.

Two Gaussians, foreign images, near-duplicates and wrong classes. Equal seeds plant in the same
places whatever the kind, and a smaller share in some of the places of a larger one.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks.kit.data import Images
from benchmarks.kit.datasets import cifar_names
from gmv_core.types import Int64, UInt8

HEAVY, MILD = 0.5, 0.1  # σ where white is 1
BRIGHTNESS = 0.1  # a near-duplicate is up to so much darker or brighter
CIFAR_CLASSES = 10
_STEPS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]


@dataclass(frozen=True)
class Planted:
    """noisy: (n,) bool, which of the images are noise."""

    images: Images
    noisy: np.ndarray


def plant(images: Images, kind: str, share: float, *, seed: int, foreign: UInt8) -> Planted:
    """Return a copy of the images, a share of them made noisy.

    kind: a key of KINDS. foreign: (f, h, w, c) uint8 of the same size, f ≥ share · n; what
    "foreign" takes its images from.
    """
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(images))
    count = max(1, round(share * len(images)))
    noisy = np.zeros(len(images), bool)
    noisy[shuffled[:count]] = True
    return Planted(KINDS[kind](images, shuffled, count, rng, foreign), noisy)


def _gaussian(sigma: float) -> Callable[..., Images]:
    def spoilt(images: Images, shuffled: Int64, count: int, rng: Generator, _: UInt8) -> Images:
        """Keep the class, add noise of standard deviation σ."""
        rows = shuffled[:count]
        noise = rng.normal(0, 255 * sigma, images.pixels[rows].shape)
        return _with_pixels(images, rows, images.pixels[rows] + noise)

    return spoilt


def _foreign(images: Images, shuffled: Int64, count: int, rng: Generator, foreign: UInt8) -> Images:
    """Keep the class, take an image of another set."""
    return _with_pixels(images, shuffled[:count], rng.permutation(foreign)[:count])


def _near_duplicate(
    images: Images, shuffled: Int64, count: int, rng: Generator, _: UInt8
) -> Images:
    """Take a clean image's copy, moved by one pixel and a little darker or brighter, as that."""
    rows, origins = shuffled[:count], rng.permutation(shuffled[count:])[:count]
    made = np.stack([_moved(images.pixels[origin], rng) for origin in origins])
    classes = images.classes.copy()
    classes[rows] = classes[origins]
    return replace(_with_pixels(images, rows, made), classes=classes)


def _moved(pixels: UInt8, rng: Generator) -> np.ndarray:
    dy, dx = _STEPS[rng.integers(len(_STEPS))]
    wide = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width, _ = pixels.shape
    moved = wide[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
    return moved * rng.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS)


def _wrong_class(images: Images, shuffled: Int64, count: int, rng: Generator, _: UInt8) -> Images:
    """Keep the pixels, tell another class."""
    classes, rows = images.classes.copy(), shuffled[:count]
    other = rng.integers(1, len(images.names), count)
    classes[rows] = (classes[rows] + other) % len(images.names)
    return replace(images, classes=classes)


def _with_pixels(images: Images, rows: Int64, made: np.ndarray) -> Images:
    pixels = images.pixels.copy()
    pixels[rows] = np.clip(np.rint(made), 0, 255).astype(np.uint8)
    return replace(images, pixels=pixels)


KINDS: dict[str, Callable[..., Images]] = {
    "gaussian-0.5": _gaussian(HEAVY),
    "gaussian-0.1": _gaussian(MILD),
    "foreign": _foreign,
    "near-duplicate": _near_duplicate,
    "wrong-class": _wrong_class,
}


def grey_cifar(archive: Path, count: int, side_px: int, *, seed: int) -> UInt8:
    """Return at least `count` of CIFAR-10's images, grey, (·, side_px, side_px, 1) uint8."""
    count = -(-count // CIFAR_CLASSES) * CIFAR_CLASSES  # the same number of each class
    with zipfile.ZipFile(archive) as file:
        members = [file.read(name) for name in cifar_names(archive, count, seed=seed)]
    size = (side_px, side_px)
    greys = [
        Image.open(io.BytesIO(content)).convert("L").resize(size, Image.Resampling.BILINEAR)
        for content in members
    ]
    return np.stack([np.asarray(grey) for grey in greys])[..., None]
