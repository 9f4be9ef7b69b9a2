"""Retraining: the β-VAE trained again on a part of its training images, hundreds of times.

What is measured of a retrained model is −loss on the generated images that were valued, with the
same noise for all models. A training is named by all that goes into it, and what it gave is kept
under that name, so whatever ends the work, the next start goes on behind it. Several processes may
be started on the same work folder: they visit the trainings in orders of their own.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.kit import work
from benchmarks.kit.data import DATA, Images, asked_classes, load
from benchmarks.truth.generators.vae import Recipe, Trained, losses, sample, train
from gmv_core.types import Float64, Int64

CHUNK = 8  # trainings that are kept together
GENERATED_SEED = 5  # of the latent codes; another than the training's
RECIPE = Recipe(epochs=60, rate=4e-3, batch=64, decay=True)


@dataclass(frozen=True)
class Sizes:
    """What the retraining scripts work on; chosen by measuring, see docs/results.md.

    Small sets make the effect of a single image larger, a falling rate makes the models of equal
    sets more equal: together they decide how much of an output is due to the subset at all.
    """

    n: int = 1000
    m: int = 100
    halves: int = 128
    seeds: int = 8
    removal_seeds: int = 6
    recipe: Recipe = RECIPE
    checkpoint_epochs: tuple[int, ...] = (6, 12, 18, 24, 30, 36, 42, 48, 54)
    ensemble: int = 5  # independently trained models for TRAK
    data: str = "fashion"


FULL = Sizes()
CIFAR = Sizes(
    halves=64, seeds=2, recipe=Recipe(epochs=40, rate=2e-3, batch=64, decay=True), data="cifar10",
    checkpoint_epochs=(6, 12, 18, 24, 30, 36),
)  # fmt: skip
QUICK = Sizes(
    n=200, m=20, halves=8, seeds=2, removal_seeds=2, ensemble=2,
    recipe=Recipe(epochs=6, hidden=32, rate=4e-3, batch=64, decay=True), checkpoint_epochs=(2, 4),
)  # fmt: skip


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return the truth scripts' parser, with which images to train on and how often."""
    made = work.parser(doc)
    made.add_argument("--data", choices=DATA, default=DATA[0])
    made.add_argument("--seeds", type=int, help="trainings of each half, an even number")
    return made


def sizes(options: argparse.Namespace) -> Sizes:
    told = vars(options)  # the script of all scripts has neither option
    data = told.get("data", DATA[0])
    size = QUICK if options.quick else CIFAR if data == "cifar10" else FULL
    return replace(size, data=data, seeds=told.get("seeds") or size.seeds)


def results_name(script: str, options: argparse.Namespace) -> str:
    """Return under which name a script's figures are kept."""
    data = sizes(options).data
    named = script if data == DATA[0] else f"{script}-{data}"
    return f"{named}-{options.seed}" if options.seed else named


@dataclass(frozen=True)
class Setting:
    """A generator trained here, its training images (n), and images that it generated (m)."""

    training: Images
    generated: Images
    trained: Trained
    recipe: Recipe
    folder: Path

    @property
    def digest(self) -> str:
        """Name all that a retraining depends on, apart from its own rows and seeds."""
        told = hashlib.sha256(repr(sorted(asdict(self.recipe).items())).encode())
        for images in (self.training, self.generated):
            told.update(np.ascontiguousarray(images.pixels))
            told.update(images.classes.astype(np.int64))
        return told.hexdigest()


def make_setting(options: argparse.Namespace) -> Setting:
    """Train the generator on n images and generate m, the classes in turn."""
    size = sizes(options)
    training = load(size.data, options, drawn=size.n)
    trained = train(
        training, seed=options.seed, recipe=size.recipe, checkpoint_epochs=size.checkpoint_epochs
    )
    folder = options.work / "retraining"
    folder.mkdir(parents=True, exist_ok=True)
    classes = asked_classes(training, size.m)
    shape = training.pixels.shape[1:]
    made = sample(trained.model, classes, shape, seed=options.seed + GENERATED_SEED)
    generated = _kept(folder, Images(made, classes, training.names), size.recipe, options.seed)
    return Setting(training, generated, trained, size.recipe, folder)


def _kept(folder: Path, generated: Images, recipe: Recipe, seed: int) -> Images:
    """Return the images that an earlier start generated, if there are any.

    Another number of threads gives weights that differ in the last bits and now and then a pixel
    that is rounded otherwise; the retrainings that are kept belong to the first images.
    """
    name = hashlib.sha256(f"{recipe} {seed} {generated.pixels.shape}".encode()).hexdigest()[:16]
    path = folder / f"generated-{name}.npz"
    if not path.exists():
        write_arrays(path, pixels=generated.pixels)
    with np.load(path) as kept:
        return Images(kept["pixels"], generated.classes, generated.names)


@dataclass(frozen=True)
class Training:
    """rows: the training images that stay. start_seed: of the first weights. seed: of the rest."""

    rows: Int64
    seed: int
    start_seed: int


def outputs(setting: Setting, trainings: Sequence[Training]) -> Float64:
    """Return −loss of each generated image under each retrained model, (trainings, m)."""
    chunks = [trainings[i : i + CHUNK] for i in range(0, len(trainings), CHUNK)]
    paths = [setting.folder / f"{_name(setting, chunk)}.npz" for chunk in chunks]
    for i in np.random.default_rng(os.getpid()).permutation(len(chunks)):
        if not paths[i].exists():
            write_arrays(paths[i], outputs=np.stack([_output(setting, each) for each in chunks[i]]))
    parts = []
    for path in paths:
        with np.load(path) as kept:
            parts.append(kept["outputs"])
    return np.concatenate(parts)


def _output(setting: Setting, training: Training) -> Float64:
    images = setting.training.take(training.rows)
    model = train(
        images, seed=training.seed, recipe=setting.recipe, start_seed=training.start_seed
    ).model
    return -losses(model, setting.generated, beta=setting.recipe.beta)


def _name(setting: Setting, trainings: Sequence[Training]) -> str:
    told = hashlib.sha256(setting.digest.encode())
    for each in trainings:
        told.update(each.rows.astype(np.int64))
        told.update(f"{each.seed} {each.start_seed}".encode())
    return told.hexdigest()[:32]


def write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write aside, then rename: a file is whole or it is not there."""
    aside = path.with_suffix(f".{os.getpid()}.part")
    with aside.open("wb") as file:
        np.savez(file, **arrays)
    aside.replace(path)


def halves(n: int, count: int, *, seed: int) -> np.ndarray:
    """Return random halves of n training images, (count, n) bool."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros((count, n), bool)
    for row in chosen:
        row[rng.permutation(n)[: n // 2]] = True
    return chosen


def half_outputs(setting: Setting, chosen: np.ndarray, seeds: int, *, seed: int) -> Float64:
    """Return the outputs on each half for each seed, (seeds, halves, m).

    All halves start from the same weights under a seed (common random numbers): what the first
    weights do to an image is then the same for all of them and leaves their order alone.
    """
    trainings = [
        Training(np.flatnonzero(rows), seed=mixed(seed, s, h), start_seed=mixed(seed, s))
        for s in range(seeds)
        for h, rows in enumerate(chosen)
    ]
    return outputs(setting, trainings).reshape(seeds, len(chosen), -1)


def mixed(*parts: int) -> int:
    """Return one seed for a combination of seeds."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def ensemble(setting: Setting, count: int, *, seed: int) -> list[dict[str, torch.Tensor]]:
    """Return the weights of models trained on all images from seeds of their own."""
    return [
        train(setting.training, seed=mixed(seed, s, 7), recipe=setting.recipe).model.state_dict()
        for s in range(count)
    ]
