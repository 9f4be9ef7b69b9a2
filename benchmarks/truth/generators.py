"""Generators, trained here: a β-VAE, a rectified flow (diffusion-type) and a GAN, on both sets.

All are told the class, and each image of all 60,000 (Fashion-MNIST) or 50,000 (CIFAR-10) is trained
on. Each writes 1,000 images, 100 a class in turn, none picked, as PNGs in class folders, and beside
them `recipe.json`; what is there with an equal recipe is not trained again. They are measured
against 5,000 drawn training images, the floor are 1,000 others.

    python -m benchmarks.truth.generators --work WORK --figure docs/figures/truth-generated.png
    python -m benchmarks.truth.generators --work WORK --only fashion/gan    # one, to train aside
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import nn

from benchmarks.datasets import FASHION_CLASSES
from benchmarks.reporting import Row, print_table
from benchmarks.truth import flow, gan, vae, work
from benchmarks.truth.data import DATA, Images, asked_classes, draw, load, read_images, write_images
from benchmarks.truth.fidelity import Fidelity, reference
from benchmarks.truth.sheet import below, contact_sheet
from gmv_core.types import Int64, UInt8

MODELS = ("vae", "flow", "gan")
Recipe = vae.Recipe | flow.Recipe | gan.Recipe
TITLES = {"vae": "β-VAE", "flow": "rectified flow", "gan": "GAN"}


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
        "cifar10/gan": gan.Recipe(steps=6000),
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
class Generated:
    """pixels: (m, h, w, c) uint8. losses: their names and means over the last steps or images."""

    pixels: UInt8
    model: nn.Module
    steps: int
    seconds: float  # of training
    losses: dict[str, float]


def generate(images: Images, recipe: Recipe, asked: Int64, *, seed: int) -> Generated:
    """Train on the images and generate one image for each class asked for."""
    shape, after = images.pixels.shape[1:], seed + 1
    started = time.perf_counter()
    match recipe:
        case vae.Recipe():
            model = vae.train(images, seed=seed, recipe=recipe).model
            seconds = time.perf_counter() - started
            told = vae.losses(model, images.take(slice(5000)), beta=recipe.beta, draws=4, seed=seed)
            steps = recipe.epochs * -(-len(images) // vae.BATCH)
            pixels = vae.sample(model, asked, shape, seed=after)
            return Generated(pixels, model, steps, seconds, {"negative ELBO, nats": told.mean()})
        case flow.Recipe():
            flowing = flow.train(images, seed=seed, recipe=recipe)
            seconds = time.perf_counter() - started
            pixels = flow.sample(flowing.model, asked, shape, seed=after, recipe=recipe)
            losses = {"velocity MSE": np.mean(flowing.losses[-500:])}
            return Generated(pixels, flowing.model, recipe.steps, seconds, losses)
        case gan.Recipe():
            played = gan.train(images, seed=seed, recipe=recipe)
            seconds = time.perf_counter() - started
            pixels = gan.sample(played.model, asked, seed=after)
            losses = dict(zip(("discriminator", "generator"),
                              np.mean(played.losses[-500:], axis=0), strict=True))  # fmt: skip
            return Generated(pixels, played.model, recipe.steps, seconds, losses)


def provide(options: argparse.Namespace, data: str, model: str, images: Images, sizes: Sizes) -> None:  # fmt: skip
    """Train one generator and write its images, unless they lie there by an equal recipe."""
    recipe = sizes.recipes[f"{data}/{model}"]
    wanted = {"data": data, "model": model, "images": len(images), "generated": sizes.generated,
              "seed": options.seed, **dataclasses.asdict(recipe)}  # fmt: skip
    folder = work.generated_folder(options, data, model)
    if _told(folder).get("recipe") == wanted:
        return
    print(f"training {data}/{model} …", flush=True)
    asked = asked_classes(images, sizes.generated)
    made = generate(images, recipe, asked, seed=options.seed)
    shutil.rmtree(folder, ignore_errors=True)
    write_images(folder, made.pixels, asked.tolist(), images.names)
    trained = {"parameters": sum(p.numel() for p in made.model.parameters()), "steps": made.steps,
               "seconds": round(made.seconds),
               "losses": {name: round(float(loss), 3) for name, loss in made.losses.items()}}  # fmt: skip
    told = json.dumps({"recipe": wanted, "trained": trained}, indent=1)
    (folder / "recipe.json").write_text(told + "\n")  # last: it vouches for the images


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
            trained = dict(_told(folder)["trained"])
            losses = trained.pop("losses")
            made = read_images(folder, images.names)
            rows.append({"data": data, "model": TITLES[model], **trained,
                         **_cells(against.measure(made.pixels)),
                         "loss": ", ".join(f"{name} {loss}" for name, loss in losses.items())})  # fmt: skip
    return rows


def _cells(fidelity: Fidelity) -> dict[str, float]:
    return {"FID × 1000": round(1000 * fidelity.fid, 1), "precision": round(fidelity.precision, 3),
            "recall": round(fidelity.recall, 3)}  # fmt: skip


def figure(options: argparse.Namespace) -> Image.Image:
    """Draw the first image of each class: real ones, then each generator's, of both sets."""
    sheets = []
    for data in DATA:
        images = load(data, options)
        rows = {"real": images}
        for model in MODELS:
            folder = work.generated_folder(options, data, model)
            rows[TITLES[model]] = read_images(folder, images.names)
        titles = FASHION_CLASSES if data == "fashion" else images.names
        sheets.append(contact_sheet(rows, titles))
    return below(sheets)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train what is missing and measure all of it; return the figures as saved."""
    sizes, rows = QUICK if options.quick else FULL, []
    for data in DATA:
        images = load(data, options)
        if sizes.trained is not None:
            images = draw(images, sizes.trained, seed=options.seed)
        for model in MODELS:
            provide(options, data, model, images, sizes)
        rows += measured(options, data, images, sizes)
    print_table("Generators trained here, and how near their images are to real ones", rows)
    figures = {"generators": rows}
    work.save(options, "generators", figures)
    return figures


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
    run(options)
    if options.figure is not None:
        options.figure.parent.mkdir(parents=True, exist_ok=True)
        figure(options).save(options.figure, optimize=True)


if __name__ == "__main__":
    main()
