"""What a generated image costs under each method: the clocks of baselines.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.kit.data import Images
from benchmarks.kit.datasets import SETTINGS
from benchmarks.kit.reporting import seconds_of
from benchmarks.truth.generators.vae import Recipe, Trained
from benchmarks.truth.gradients.of_vae import Checkpoints, tracin
from benchmarks.truth.retraining.methods import (
    DEFAULT,
    feature_distances,
    nearest_matrix,
    pixel_distances,
    settings_of,
    write_source,
)
from gmv_core import Workspace, build, open_source, value
from gmv_core.types import Float64

OURS, EMBEDDING, TRACIN = "ours", "embedding only", "VAE-TracIn"
PIXELS, EXHAUSTIVE = "pixel L2", "exhaustive re-rank"


@dataclass(frozen=True)
class Case:
    """A training set, some of it noisy, the VAE trained on it and what that generated."""

    training: Images
    noisy: np.ndarray
    generated: Images
    trained: Trained
    recipe: Recipe
    train_seconds: float


@dataclass(frozen=True)
class Cost:
    """Wall seconds of a generated image where all are valued at once, of one alone, and once."""

    of_many: float
    alone: float
    once: float


def by_tracin(case: Case, generated: Images) -> Float64:
    return tracin(Checkpoints.of(case.trained, case.recipe), case.training, generated)


def by_features(case: Case, generated: Images) -> Float64:
    distances = feature_distances(case.training, generated)
    return nearest_matrix(distances, DEFAULT, np.ones(len(generated)))


def by_pixels(case: Case, generated: Images) -> Float64:
    distances = pixel_distances(case.training, generated)
    return nearest_matrix(distances, DEFAULT, np.ones(len(generated)))


def measure_seconds(case: Case) -> dict[str, Cost]:
    """Return the cost by method; everything is loaded and compiled before a clock starts."""
    one, m = case.generated.take(slice(0, 1)), len(case.generated)

    def both(work: Callable[[Images], object]) -> tuple[float, float]:
        return seconds_of(lambda: work(case.generated)) / m, seconds_of(lambda: work(one))

    with TemporaryDirectory() as folder:
        few = case.training.take(slice(0, 20))
        warm, product = (_product(Path(folder) / name, images)
                         for name, images in (("warm", few), ("timed", case.training)))  # fmt: skip
        warm.build_training()
        for distance in ("features", "none"):
            warm.value(one, distance)
        once = seconds_of(product.build_training)
        told = {
            name: Cost(*both(lambda images, d=distance: product.value(images, d)), once)
            for name, distance in ((OURS, "features"), (EMBEDDING, "none"))
        }  # fmt: skip
    for name, work in ((PIXELS, by_pixels), (EXHAUSTIVE, by_features)):
        told[name] = Cost(*both(partial(work, case)), 0.0)
    told[TRACIN] = Cost(*both(partial(by_tracin, case)), case.train_seconds)
    return told


@dataclass(frozen=True)
class Product:
    """The product as a user drives it: a source in, a run out."""

    workspace: Workspace
    training: Path
    folder: Path

    def build_training(self) -> None:
        build(self.workspace, open_source(self.training), name="training", settings=SETTINGS)

    def value(self, generated: Images, distance: str) -> None:
        """Read, embed, match, judge and value, as a run of a new name."""
        run = f"{distance}-{len(generated)}"
        source = write_source(self.folder / f"{run}.npz", generated)
        value(self.workspace, open_source(source), against="training", name=run,
              settings=settings_of(distance))  # fmt: skip


def _product(folder: Path, training: Images) -> Product:
    folder.mkdir()
    source = write_source(folder / "training.npz", training)
    return Product(Workspace(folder / "workspace"), source, folder)
