"""Images as arrays, for training generators and for spoiling: Fashion-MNIST and CIFAR-10."""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.kit.datasets import fashion
from gmv_core.types import Int64, UInt8

DATA = ("fashion", "cifar10")


@dataclass(frozen=True)
class Images:
    """pixels: (n, h, w, c) uint8, c = 1 or 3. classes: (n,) into names, the sets' own labels."""

    pixels: UInt8
    classes: Int64
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: Int64 | slice) -> Images:
        return Images(self.pixels[rows], self.classes[rows], self.names)


def available(options: argparse.Namespace) -> list[str]:
    """Return the sets whose files are here, and say which are not."""
    files = {"fashion": options.fashion / "train-images-idx3-ubyte.gz", "cifar10": options.cifar}
    for data in DATA:
        if not files[data].exists():
            print(f"{files[data]} is not here: {data} is left out", file=sys.stderr)
    return [data for data in DATA if files[data].exists()]


def load(
    data: str, options: argparse.Namespace, *, split: str = "train", drawn: int | None = None
) -> Images:
    """Return the images of "fashion" (split "train" or "t10k") or "cifar10" ("train" alone).

    drawn: so many of them, as `draw` does it; of CIFAR-10 only those are decoded.
    """
    if data == "fashion":
        pixels, classes = fashion(options.fashion, split)
        images = Images(pixels[..., None], classes, tuple("0123456789"))
        return images if drawn is None else draw(images, drawn, seed=options.seed)
    with zipfile.ZipFile(options.cifar) as archive:
        members = [name for name in archive.namelist() if name.endswith(".jpg")]
        folders = [name.split("/")[0] for name in members]
        names = sorted(set(folders))
        classes = np.array([names.index(f) for f in folders])
        every = np.arange(len(members))
        rows = every if drawn is None else _drawn(classes, len(names), drawn, seed=options.seed)
        pixels = np.stack([_decoded(archive.read(members[row])) for row in rows])
    return Images(pixels, classes[rows], tuple(names))


def _decoded(content: bytes) -> UInt8:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def draw(images: Images, count: int, *, seed: int) -> Images:
    """Return `count` of the images, the same number of each class, in their own order."""
    return images.take(_drawn(images.classes, len(images.names), count, seed=seed))


def _drawn(classes: Int64, names: int, count: int, *, seed: int) -> Int64:
    rng, each = np.random.default_rng(seed), count // names
    rows = [rng.permutation(np.flatnonzero(classes == c))[:each] for c in range(names)]
    return np.sort(np.concatenate(rows))


def asked_classes(images: Images, count: int) -> Int64:
    """Return the classes that a generator is asked for: all in turn, (count,)."""
    return np.arange(count) % len(images.names)


def write_images(folder: Path, pixels: UInt8, classes: Sequence[int], names: Sequence[str]) -> Path:
    """Write PNGs in class folders, named by their place, and return the folder."""
    for i, (image, c) in enumerate(zip(pixels, classes, strict=True)):
        target = folder / names[c]
        target.mkdir(parents=True, exist_ok=True)
        flat = image[..., 0] if image.shape[-1] == 1 else image
        Image.fromarray(flat).save(target / f"{i:05d}.png")
    return folder


def read_images(folder: Path, names: Sequence[str]) -> Images:
    """Return what `write_images` wrote, in its order."""
    paths = sorted(folder.glob("*/*.png"), key=lambda path: path.name)
    pixels = np.stack([np.asarray(Image.open(path)) for path in paths])
    classes = np.array([names.index(path.parent.name) for path in paths])
    return Images(pixels[..., None] if pixels.ndim == 3 else pixels, classes, tuple(names))
