"""The real images that the scripts measure on, and the sets that are built from them.

CIFAR-10's training images come as a zip of 50,000 JPEGs in class folders, Fashion-MNIST as the IDX
files of Debian's package `dataset-fashion-mnist`.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from gmv_core import Workspace, build, open_source
from gmv_core.matching.matcher import embed_previews
from gmv_core.models.embedders.lite0 import EMBEDDED, load_lite0
from gmv_core.settings import BuildSettings, EmbedSettings
from gmv_core.store.columns import all_vectors, previews_of
from gmv_core.store.manifests import READY
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Embedder, Float32, Int64, UInt8

SETTINGS = BuildSettings(embed=EmbedSettings(EMBEDDED, "fp32"))
FASHION_CLASSES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
                   "Bag", "Ankle boot")  # fmt: skip


@contextmanager
def workspace_of(options: argparse.Namespace) -> Iterator[Workspace]:
    """Yield the workspace asked for, or one that is gone afterwards."""
    if options.workspace is not None:
        yield Workspace(options.workspace)
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Workspace(Path(folder))


def cifar_names(archive: Path, count: int, *, seed: int) -> list[str]:
    """Draw `count` of the zip's images, the same number of each class, in the zip's order."""
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if name.endswith(".jpg")]
    by_class: dict[str, list[str]] = {}
    for name in names:
        by_class.setdefault(name.split("/")[0], []).append(name)
    rng = np.random.default_rng(seed)
    chosen: set[str] = set()
    for members in by_class.values():
        chosen.update(rng.permutation(members)[: count // len(by_class)].tolist())
    return [name for name in names if name in chosen]


def cut_zip(archive: Path, names: Sequence[str], target: Path) -> Path:
    """Copy some members of a zip into a new one, stored."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as made:
        for name in names:
            made.writestr(name, source.read(name))
    return target


def fashion(folder: Path, split: str) -> tuple[UInt8, Int64]:
    """Return images (n, 28, 28) and labels (n,) of "train" or "t10k"."""
    with gzip.open(folder / f"{split}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(folder / f"{split}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)
    return images, labels


@dataclass(frozen=True)
class BuiltSet:
    """A built set with its vectors and labels in memory. All arrays are in the order of rows."""

    training: ImageSet
    embedder: Embedder

    @cached_property
    def stored(self) -> tuple[Int64, Float32]:
        return all_vectors(self.training.embeddings(self.embedder.key))

    @property
    def vectors(self) -> Float32:
        ids, vectors = self.stored
        if len(ids) != len(self.training.images):
            raise ValueError(f"{self.training.name} has rejected images")
        return vectors

    @cached_property
    def labels(self) -> np.ndarray:
        return np.array(self.training.images.read(["label"])["label"].to_pylist())

    def previews(self, rows: Int64) -> list[UInt8]:
        return previews_of(self.training, rows)


@dataclass(frozen=True)
class Queries:
    """Images that are not searched in. rows: their place in the set, −1 where they lie outside."""

    previews: list[UInt8]
    vectors: Float32
    labels: np.ndarray
    rows: Int64


def cifar_set(options: argparse.Namespace, workspace: Workspace, count: int = 50_000) -> BuiltSet:
    """Build `count` images of CIFAR-10, or open the set where it is built already."""

    def source(folder: Path) -> Path:
        if count == 50_000:
            return options.cifar
        names = cifar_names(options.cifar, count, seed=options.seed)
        return cut_zip(options.cifar, names, folder / f"cifar10-{count}.zip")

    return _built(workspace, "cifar10" if count == 50_000 else f"cifar10-{count}", source)


def fashion_set(options: argparse.Namespace, workspace: Workspace, count: int = 60_000) -> BuiltSet:
    """Build the first `count` training images of Fashion-MNIST, or open the set."""

    def source(folder: Path) -> Path:
        if count == 60_000:
            return options.fashion / "train-images-idx3-ubyte.gz"
        images, labels = fashion(options.fashion, "train")
        return save_npz(folder / f"fashion-{count}.npz", images[:count], labels[:count])

    return _built(workspace, "fashion" if count == 60_000 else f"fashion-{count}", source)


def save_npz(path: Path, images: UInt8, labels: Int64) -> Path:
    """Write a source of array images."""
    np.savez(path, images=images, labels=labels)
    return path


def _built(workspace: Workspace, name: str, source: Callable[[Path], Path]) -> BuiltSet:
    training = workspace.image_set(name)
    if not (training.exists() and training.manifest().state == READY):
        print(f"building {name} …", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            build(workspace, open_source(source(Path(folder))), name=name, settings=SETTINGS)
    return BuiltSet(training, load_lite0("fp32"))


def held_out(made: BuiltSet, count: int, *, seed: int) -> Queries:
    """Draw `count` images of the set itself; the caller must leave their rows out of the search."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(made.vectors))[:count])
    return Queries(made.previews(rows), made.vectors[rows], made.labels[rows], rows)


def fashion_test(made: BuiltSet, folder: Path, count: int, *, seed: int) -> Queries:
    """Draw `count` of Fashion-MNIST's test images."""
    images, labels = fashion(folder, "t10k")
    rows = np.sort(np.random.default_rng(seed).permutation(len(images))[:count])
    previews = [np.repeat(image[:, :, None], 3, axis=2) for image in images[rows]]
    vectors = embed_previews(made.embedder, previews)[0]
    return Queries(previews, vectors, labels[rows].astype(str), np.full(count, -1))
