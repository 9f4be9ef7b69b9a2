"""C3 by predicted influence: do low, harmful or small influence find noisy training images?

The conditions of noise/run.py at a share of 5 %: a class-conditional β-VAE is trained on each noisy
set of Fashion-MNIST and generates; all pairs get their predicted influence. Read is the sum over
the generated images, its size without the sign, what the training set alone says (`spread`, how
much of an image the denoisers lose), the mean size over images, and beside them pixel distance to
the generated images. AUROC of "noisy stands higher", each with the means over seeds.

    python -m benchmarks.truth.noise.influence --work truth
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from benchmarks.kit.data import Images, asked_classes, draw, load
from benchmarks.kit.reporting import Row, print_table
from benchmarks.kit.work import parser, save
from benchmarks.truth.generators.vae import Recipe, sample, train
from benchmarks.truth.noise.planting import KINDS, grey_cifar, plant
from benchmarks.truth.noise.run import CONTROL_SHARE, QUICK, Sizes
from benchmarks.truth.retraining.linear import Linear
from benchmarks.truth.retraining.methods import pixel_distances
from gmv_core.measures.detection import auroc_interval
from gmv_core.method.scales import spreads_of
from gmv_core.types import Float64


def readings(training: Images, generated: Images) -> dict[str, Float64]:
    """Return each reading as a suspicion, (n,), higher for what is more likely noise."""
    linear = Linear(training, generated)
    pairs, far = linear.matrix(), pixel_distances(training, generated)
    return {
        "low influence, summed": -pairs.sum(0),
        "small influence, summed": -np.abs(pairs.sum(0)),
        "small influence, mean size": -np.abs(pairs).mean(0),
        "most harm to one image": -pairs.min(0),
        "spread (training set alone)": spreads_of(linear.scales, *linear.both[0])[0],
        "pixel distance, nearest": far.min(0),
        "pixel distance, mean": far.mean(0),
    }


def measured(options: argparse.Namespace, sizes: Sizes, kind: str, seed: int) -> dict[str, float]:
    """Plant, train, generate and read one condition: AUROC by reading."""
    images = draw(load("fashion", options), sizes.training, seed=seed)
    side, many = images.pixels.shape[1], round(CONTROL_SHARE * sizes.training)
    foreign = images.pixels[:0]
    if kind == "foreign":
        foreign = grey_cifar(options.cifar, many, side, seed=seed)
    planted = plant(images, kind, CONTROL_SHARE, seed=seed, foreign=foreign)
    model = train(planted.images, seed=seed, recipe=Recipe(epochs=sizes.epochs)).model
    classes = asked_classes(images, sizes.generated)
    made = sample(model, classes, images.pixels.shape[1:], seed=seed)
    found = readings(planted.images, Images(made, classes, images.names))
    return {name: auroc_interval(each, planted.noisy)[0] for name, each in found.items()}


def main() -> None:
    """Measure, print the table and save the figures."""
    options = parser(__doc__).parse_args()
    sizes = QUICK if options.quick else Sizes(generated=500)
    kinds = [kind for kind in KINDS if kind != "foreign" or options.cifar.exists()]
    rows: list[Row] = []
    figures: dict[str, Any] = {}
    for kind in kinds:
        found = [measured(options, sizes, kind, seed) for seed in range(sizes.seeds)]
        mean = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
        figures[kind] = found
        rows.append({"noise": kind, **{name: round(value, 3) for name, value in mean.items()}})
    print_table(f"AUROC, {sizes.training:,} training images, {CONTROL_SHARE:.0%} noisy", rows)
    save(options, "noise-influence", {"rows": rows, "aurocs": figures})


if __name__ == "__main__":
    main()
