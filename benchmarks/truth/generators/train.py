"""Generators, trained here: a β-VAE, a rectified flow (diffusion-type) and a GAN, on both sets.

All are told the class, and each image of all 60,000 (Fashion-MNIST) or 50,000 (CIFAR-10) is trained
on. Each writes 1,000 images, 100 a class in turn, none picked, as PNGs in class folders, and beside
them `recipe.json`; what is there with an equal recipe is not trained again. They are measured
against 5,000 drawn training images, the floor are 1,000 others.

    python -m benchmarks.truth.generators.train --work WORK --figure FILE.png
    python -m benchmarks.truth.generators.train --work WORK --only fashion/gan  # one alone
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import nn

from benchmarks.kit import work
from benchmarks.kit.data import (
    DATA,
    Images,
    asked_classes,
    available,
    draw,
    load,
    read_images,
    write_images,
)
from benchmarks.kit.datasets import FASHION_CLASSES
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.generators import flow, gan, vae
from benchmarks.truth.generators.fidelity import Fidelity, reference
from benchmarks.truth.generators.sheet import below, contact_sheet
from gmv_core.types import Int64, UInt8

MODELS = ("vae", "flow", "gan")
Recipe = vae.Recipe | flow.Recipe | gan.Recipe
LAST = 500  # steps whose mean loss is told
TITLES = {"vae": "VAE", "flow": "rectified flow", "gan": "GAN"}


@dataclass(frozen=True)
class Sizes:
    """trained: images trained on, None for all. generated, real: images that are compared."""

    trained: int | None
    generated: int
    real: int
    recipes: Mapping[str, Recipe]  # by "data/model"


FULL = Sizes(
    None,
    1000,
    5000,
    {
        "fashion/vae": vae.Recipe(epochs=40),
        "fashion/flow": flow.Recipe(steps=3000),
        "fashion/gan": gan.Recipe(steps=5000),
        "cifar10/vae": vae.Recipe(epochs=15),
        "cifar10/flow": flow.Recipe(steps=3400),
        "cifar10/gan": gan.Recipe(steps=4000),
    },
)
QUICK_RECIPES: dict[str, Recipe] = {
    "vae": vae.Recipe(epochs=2, hidden=32),
    "flow": flow.Recipe(steps=3, batch=16, fine=16, coarse=16, heun_steps=2),
    "gan": gan.Recipe(steps=3, batch=16, width=8),
}
QUICK = Sizes(
    200, 20, 100, {f"{data}/{model}": QUICK_RECIPES[model] for data in DATA for model in MODELS}
)


@dataclass(frozen=True)
class Trained:
    """One trained generator. steps: of its optimizer. losses: by name."""

    model: nn.Module
    steps: int
    losses: dict[str, float]
    sample: Callable[[Int64], UInt8]  # classes asked for (m,) → images (m, h, w, c)


def train(images: Images, recipe: Recipe, *, seed: int) -> Trained:
    """Train the model that the recipe belongs to."""
    after = seed + 1
    match recipe:
        case vae.Recipe():
            model = vae.train(images, seed=seed, recipe=recipe).model
            steps = recipe.epochs * math.ceil(len(images) / vae.BATCH)
            some = draw(images, min(5000, len(images)), seed=seed)
            told = vae.losses(model, some, beta=recipe.beta, draws=4, seed=seed)
            shape = images.pixels.shape[1:]
            sample = partial(vae.sample, model, shape=shape, seed=after)
            return Trained(model, steps, {"negative ELBO, nats": told.mean()}, sample)
        case flow.Recipe():
            flowing = flow.train(images, seed=seed, recipe=recipe)
            losses = {"velocity": float(np.mean(flowing.losses[-LAST:]))}
            sample = partial(flow.sample, flowing.model, seed=after, recipe=recipe)
            return Trained(flowing.model, recipe.steps, losses, sample)
        case gan.Recipe():
            played = gan.train(images, seed=seed, recipe=recipe)
            critic, generator = np.mean(played.losses[-LAST:], axis=0)
            losses = {"critic": critic, "generator": generator}
            sample = partial(gan.sample, played.model, seed=after)
            return Trained(played.model, recipe.steps, losses, sample)


def provide(
    options: argparse.Namespace, data: str, model: str, images: Images, sizes: Sizes
) -> None:
    """Train one generator and write its images, unless they lie there by an equal recipe."""
    recipe = sizes.recipes[f"{data}/{model}"]
    wanted = {"data": data, "model": model, "images": len(images), "generated": sizes.generated,
              "seed": options.seed, **dataclasses.asdict(recipe)}  # fmt: skip
    folder = work.generated_folder(options, data, model)
    if _told(folder).get("recipe") == wanted:
        return
    print(f"training {data}/{model} …", flush=True)
    started = time.process_time()  # other work on the machine does not count
    trained = train(images, recipe, seed=options.seed)
    seconds = round(time.process_time() - started)
    asked = asked_classes(images, sizes.generated)
    pixels = trained.sample(asked)
    shutil.rmtree(folder, ignore_errors=True)
    write_images(folder, pixels, asked.tolist(), images.names)
    told = {
        "recipe": wanted,
        "parameters": sum(p.numel() for p in trained.model.parameters()),
        "steps": trained.steps,
        "seconds": seconds,
        "losses": {name: round(float(loss), 3) for name, loss in trained.losses.items()},
    }
    # Written last: it vouches for the images.
    (folder / "recipe.json").write_text(json.dumps(told, indent=1) + "\n")


def _told(folder: Path) -> dict[str, Any]:
    path = folder / "recipe.json"
    return json.loads(path.read_text()) if path.exists() else {}


def measured(options: argparse.Namespace, data: str, images: Images, sizes: Sizes) -> list[Row]:
    """Return the rows of one set: the floor, then each generator."""
    drawn = draw(images, sizes.real + sizes.generated, seed=options.seed)
    order = np.random.default_rng(options.seed).permutation(len(drawn))
    others, real = np.split(order, [sizes.generated])
    rows: list[Row] = []
    with reference(drawn.pixels[real]) as against:
        rows.append({"data": data, "model": "real images",
                     **_cells(against.measure(drawn.pixels[others]))})  # fmt: skip
        for model in MODELS:
            folder = work.generated_folder(options, data, model)
            told = _told(folder)
            losses = ", ".join(f"{name} {loss}" for name, loss in told["losses"].items())
            made = read_images(folder, images.names).pixels
            rows.append({"data": data, "model": TITLES[model], "parameters": told["parameters"],
                         "steps": told["steps"], "core seconds": told["seconds"],
                         **_cells(against.measure(made)), "loss": losses})  # fmt: skip
    return rows


def _cells(fidelity: Fidelity) -> dict[str, float]:
    return {"FID × 1000": round(1000 * fidelity.fid, 1), "precision": round(fidelity.precision, 3),
            "recall": round(fidelity.recall, 3)}  # fmt: skip


def figure(options: argparse.Namespace) -> Image.Image:
    """Draw the first image of each class: real ones, then each generator's, of both sets."""
    sheets = []
    for data in available(options):
        images = load(data, options)
        rows = {"real": images}
        for model in MODELS:
            folder = work.generated_folder(options, data, model)
            rows[TITLES[model]] = read_images(folder, images.names)
        titles = FASHION_CLASSES if data == "fashion" else images.names
        sheets.append(contact_sheet(rows, titles))
    return below(sheets)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train what is missing and measure all of it; return the figures."""
    sizes, rows = QUICK if options.quick else FULL, []
    for data in available(options):
        images = load(data, options, drawn=sizes.trained)
        for model in MODELS:
            provide(options, data, model, images, sizes)
        rows += measured(options, data, images, sizes)
    print_table("Generators trained here, and how near their images are to real ones", rows)
    return {"generators": rows}


def main() -> None:
    """Train, generate, measure, print the table; or train the one generator asked for."""
    parser = work.parser(__doc__)
    parser.add_argument("--only", choices=list(FULL.recipes), help="train this one, measure none")
    parser.add_argument("--figure", type=Path, help="draw images of all generators here")
    options = parser.parse_args()
    if options.only is not None:
        data, model = options.only.split("/")
        provide(options, data, model, load(data, options), FULL)
        return
    work.save(options, "generators", run(options))
    if options.figure is not None:
        options.figure.parent.mkdir(parents=True, exist_ok=True)
        figure(options).save(options.figure, optimize=True)


if __name__ == "__main__":
    main()
