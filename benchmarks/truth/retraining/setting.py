"""What the retraining scripts work on: a generator trained here, its images, and sizes."""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmarks.kit import work
from benchmarks.kit.data import DATA, Images, asked_classes, load
from benchmarks.truth.generators import flow, vae
from gmv_core.types import Float64, UInt8

GENERATED_SEED = 5  # of the latent codes; another than the training's
GENERATORS: dict[str, ModuleType] = {"vae": vae, "flow": flow}
Recipe = vae.Recipe | flow.Recipe
Trained = vae.Trained | flow.Trained
RECIPE = vae.Recipe(epochs=60, rate=4e-3, batch=64, decay=True)


@dataclass(frozen=True)
class Sizes:
    """How much is trained; chosen by measuring, see docs/results.md.

    Small sets make the effect of a single image larger, a falling rate makes the models of equal
    sets more equal: together they decide how much of an output is due to the subset at all.
    """

    n: int = 1000
    m: int = 100
    halves: int = 128
    seeds: int = 8
    removal_seeds: int = 6
    removed: tuple[float, ...] = (0.01, 0.05, 0.10, 0.25)
    owner_seeds: int = 12
    recipe: Recipe = RECIPE
    checkpoints: tuple[int, ...] = (6, 12, 18, 24, 30, 36, 42, 48, 54)  # epochs; steps of a flow
    ensemble: int = 5  # independently trained models for TRAK
    generator: str = "vae"
    data: str = DATA[0]
    gradients: bool = True  # whether TracIn and TRAK are compared


FULL = {
    ("vae", "fashion"): Sizes(),
    ("vae", "cifar10"): Sizes(
        recipe=vae.Recipe(epochs=40, rate=2e-3, batch=64, decay=True),
        checkpoints=(6, 12, 18, 24, 30, 36), data="cifar10",
    ),
    **{
        ("flow", data): Sizes(
            seeds=2, owner_seeds=6, removed=(0.05, 0.10, 0.25),
            checkpoints=(90, 225, 360),
            recipe=flow.Recipe(steps=450, fine=32, coarse=64), generator="flow", data=data,
        )
        for data in DATA
    },
}  # fmt: skip
QUICK = {
    "vae": Sizes(
        n=200, m=20, halves=8, seeds=2, removal_seeds=2, owner_seeds=2, ensemble=2,
        checkpoints=(2, 4),
        recipe=vae.Recipe(epochs=6, hidden=32, rate=4e-3, batch=64, decay=True),
    ),
    "flow": Sizes(
        n=200, m=20, halves=8, seeds=2, removal_seeds=2, owner_seeds=2, ensemble=2,
        checkpoints=(4, 8), generator="flow",
        recipe=flow.Recipe(steps=10, batch=16, fine=8, coarse=16, heun_steps=2),
    ),
}  # fmt: skip


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return the retraining scripts' parser: which generator, on what, how often, and where."""
    made = work.parser(doc)
    made.add_argument("--generator", choices=GENERATORS, default="vae")
    made.add_argument("--data", choices=DATA, default=DATA[0])
    made.add_argument("--n", type=int, help="training images")
    made.add_argument("--halves", type=int)
    made.add_argument("--seeds", type=int, help="trainings of each half, an even number")
    made.add_argument("--no-gradients", action="store_true", help="without TracIn and TRAK")
    made.add_argument("--device", default="cpu", help='"cuda": many models side by side')
    return made


def sizes(options: argparse.Namespace) -> Sizes:
    told = vars(options)  # the script of all scripts has none of these options
    generator, data = told.get("generator", "vae"), told.get("data", DATA[0])
    size = QUICK[generator] if options.quick else FULL[generator, data]
    asked = {name: told[name] for name in ("n", "halves", "seeds") if told.get(name)}
    gradients = size.gradients and not told.get("no_gradients")
    return replace(size, data=data, gradients=gradients, **asked)


def results_name(script: str, options: argparse.Namespace) -> str:
    """Return under which name a script's figures are kept."""
    size = sizes(options)
    parts = [script] if (size.generator, size.data) == ("vae", DATA[0]) else [
        script, size.generator, size.data]  # fmt: skip
    parts += [str(size.n)] * bool(vars(options).get("n")) + [str(options.seed)] * bool(options.seed)
    return "-".join(parts)


@dataclass(frozen=True)
class Setting:
    """A generator trained here, its training images (n), and images that it generated (m).

    device: where it is trained again.
    """

    training: Images
    generated: Images
    trained: Trained
    recipe: Recipe
    folder: Path
    generator: str = "vae"
    device: str = "cpu"

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
    trained = _train(training, size, seed=options.seed)
    folder = options.work / "retraining"
    folder.mkdir(parents=True, exist_ok=True)
    classes = asked_classes(training, size.m)
    made = _sample(trained, classes, training, size.recipe, seed=options.seed + GENERATED_SEED)
    generated = _generated(folder, Images(made, classes, training.names), size, options.seed)
    device = vars(options).get("device", "cpu")
    return Setting(training, generated, trained, size.recipe, folder, size.generator, device)


def _train(training: Images, size: Sizes, *, seed: int) -> Trained:
    if isinstance(size.recipe, flow.Recipe):
        return flow.train(
            training, seed=seed, recipe=size.recipe, checkpoint_steps=size.checkpoints
        )
    return vae.train(training, seed=seed, recipe=size.recipe, checkpoint_epochs=size.checkpoints)


def _sample(
    trained: Trained, classes: np.ndarray, training: Images, recipe: Recipe, *, seed: int
) -> UInt8:
    if isinstance(trained, flow.Trained) and isinstance(recipe, flow.Recipe):
        return flow.sample(trained.model, classes, seed=seed, recipe=recipe)
    return vae.sample(trained.model, classes, training.pixels.shape[1:], seed=seed)


def write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write aside, then rename: a file is whole or it is not there."""
    aside = path.with_suffix(f".{os.getpid()}.part")
    with aside.open("wb") as file:
        np.savez(file, **arrays)
    aside.replace(path)


def _generated(folder: Path, generated: Images, size: Sizes, seed: int) -> Images:
    """Return the images that an earlier start generated, if there are any.

    Another number of threads gives weights that differ in the last bits and now and then a pixel
    that is rounded otherwise; the retrainings that are kept belong to the first images.
    """
    told = f"{size.recipe} {seed} {size.n} {generated.pixels.shape}"
    path = folder / f"generated-{hashlib.sha256(told.encode()).hexdigest()[:16]}.npz"
    if not path.exists():
        write_arrays(path, pixels=generated.pixels)
    with np.load(path) as kept:
        return Images(kept["pixels"], generated.classes, generated.names)


def kept_path(setting: Setting, name: str) -> Path:
    """Return where a matrix of a setting is kept."""
    told = hashlib.sha256(f"{setting.digest} {name}".encode()).hexdigest()[:32]
    return setting.folder / f"method-{told}.npz"


def kept(setting: Setting, name: str, compute: Callable[[], Float64]) -> Float64:
    """Return a matrix of a setting by its name: computed once, then read from the work folder."""
    path = kept_path(setting, name)
    if not path.exists():
        write_arrays(path, matrix=compute())
    return read_kept(path)


def read_kept(path: Path) -> Float64:
    with np.load(path) as found:
        return found["matrix"]
