"""Baselines side by side in one run: class share, noise detection, and seconds a generated image.

Fashion-MNIST, a class-conditional β-VAE trained on n images with checkpoints, m images that it
generated. C1: the share of the 10 (50) training images with the largest V_ij that have the class
asked for. C3: n images of which 5 % get Gaussian noise, a VAE trained on all of them; AUROC of a
low Σ_j V_ij (ours and embedding only: ties by mean embedding distance; the others: ties
half). "gradient norm" is TracIn's self-influence turned round: a high one counts as noise.

Seconds: wall, networks loaded before. "of 100": all m images in one call, over m. "alone": one
image by itself. "once": what has to be done before the first image: embedding the training set, or
training with checkpoints. Exhaustive methods and TracIn go through all n images in every call.

The paper's figures are 0.25 s against 47.9 s a generated image, on another machine, with another
generator and no re-ranking in the 0.25 s.

    python -m benchmarks.truth.retraining.baselines --json
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.choices.quality_corruption import lower_is
from benchmarks.kit import work
from benchmarks.kit.data import Images, asked_classes, draw, load
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.generators.vae import Recipe, sample, train
from benchmarks.truth.gradients.of_vae import Checkpoints, self_influence
from benchmarks.truth.retraining.costs import (
    EMBEDDING,
    EXHAUSTIVE,
    OURS,
    PIXELS,
    TRACIN,
    Case,
    Cost,
    by_tracin,
    measure_seconds,
)
from benchmarks.truth.retraining.methods import (
    DEFAULT,
    Sets,
    build_sets,
    feature_distances,
    mean_distances,
    nearest_matrix,
    pixel_distances,
    product_matrix,
    qualities,
    random_matrix,
    run_product,
    settings_of,
)
from benchmarks.truth.retraining.setting import GENERATED_SEED, RECIPE
from gmv_core import ValueSettings, Workspace
from gmv_core.measures.detection import auroc
from gmv_core.method.value import rank_from_bottom
from gmv_core.types import Float64

PLANTED = 0.05
WIDE = 50
PAPER = {"ours": 0.25, TRACIN: 47.9}  # seconds a generated image, as GMValuator reports


@dataclass(frozen=True)
class Sizes:
    n: int
    m: int
    recipe: Recipe
    checkpoint_epochs: tuple[int, ...]
    sigmas: tuple[float, ...] = (0.5, 0.1)


FULL = Sizes(5000, 100, RECIPE, (6, 18, 30, 42, 54))
QUICK = Sizes(200, 20, Recipe(epochs=4, hidden=32, rate=4e-3, batch=64, decay=True), (2, 4), (0.5,))


def planted(images: Images, sigma: float, *, seed: int) -> tuple[Images, np.ndarray]:
    """Return the images with Gaussian noise of σ (white is 1) on 5 % of them, and which, (n,)."""
    rng = np.random.default_rng(seed)
    noisy = np.zeros(len(images), bool)
    noisy[rng.permutation(len(images))[: round(PLANTED * len(images))]] = True
    pixels = images.pixels.copy()
    noise = rng.normal(0, 255 * sigma, pixels[noisy].shape)
    pixels[noisy] = np.clip(np.rint(pixels[noisy] + noise), 0, 255).astype(np.uint8)
    return Images(pixels, images.classes, images.names), noisy


def make_case(images: Images, sigma: float, size: Sizes, *, seed: int) -> Case:
    """Plant noise (none at σ = 0), train, generate."""
    training, noisy = planted(images, sigma, seed=seed)
    started = time.perf_counter()
    trained = train(
        training, seed=seed, recipe=size.recipe, checkpoint_epochs=size.checkpoint_epochs
    )
    seconds = time.perf_counter() - started
    asked = asked_classes(training, size.m)
    made = sample(trained.model, asked, training.pixels.shape[1:], seed=seed + GENERATED_SEED)
    generated = Images(made, asked, training.names)
    return Case(training, noisy, generated, trained, size.recipe, seconds)


@dataclass(frozen=True)
class Attributed:
    """matrices: V (m, n) by method, wide: the same at k = 50, where a method has a k.

    far: (n,), the product's tie rule. norms: (n,), TracIn's self-influence.
    """

    matrices: dict[str, Float64]
    wide: dict[str, Float64]
    far: Float64
    norms: Float64


def attribute_all(case: Case, sets: Sets, *, seed: int) -> Attributed:
    """Return every method's matrix. All similarity methods weigh by the product's quality."""
    result = run_product(sets, "default", settings_of())
    q = qualities(result)
    shape = (len(case.generated), len(case.training))
    features = feature_distances(case.training, case.generated)
    pixels = pixel_distances(case.training, case.generated)
    apart = {TRACIN: by_tracin(case, case.generated), "random": random_matrix(*shape, seed=seed)}

    def at(shared: ValueSettings) -> dict[str, Float64]:
        ours, bare = (
            run_product(sets, f"{name}-{shared.k}", settings_of(distance, shared=shared))
            for name, distance in (("ours", "features"), ("bare", "none"))
        )
        return {OURS: product_matrix(ours), EMBEDDING: product_matrix(bare),
                PIXELS: nearest_matrix(pixels, shared, q),
                EXHAUSTIVE: nearest_matrix(features, shared, q), **apart}  # fmt: skip

    norms = self_influence(Checkpoints.of(case.trained, case.recipe), case.training)
    return Attributed(at(DEFAULT), at(ValueSettings(k=WIDE)), mean_distances(result), norms)


def class_share(matrix: Float64, case: Case, k: int) -> str:
    """Return "mean ± standard error" of C1 over generated images, in %."""
    order = np.argsort(-matrix, axis=1, kind="stable")[:, :k]
    each = 100 * (case.training.classes[order] == case.generated.classes[:, None]).mean(1)
    return f"{each.mean():.1f} ± {each.std() / len(each) ** 0.5:.1f}"


def noise_auroc(name: str, found: Attributed, noisy: np.ndarray) -> float:
    """Return the AUROC of low value as a sign of noise."""
    value = found.matrices[name].sum(0)
    if name in (OURS, EMBEDDING):
        return auroc(rank_from_bottom(value, found.far), noisy)
    return lower_is(value[~noisy], value[noisy])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure and print the table."""
    size = QUICK if options.quick else FULL
    images = draw(load("fashion", options), size.n, seed=options.seed)
    found, cases = {}, {}
    with TemporaryDirectory() as folder:
        for sigma in (0.0, *size.sigmas):
            case = cases[sigma] = make_case(images, sigma, size, seed=options.seed)
            sets = build_sets(Workspace(Path(folder) / "sets"), case.training, case.generated)
            found[sigma] = attribute_all(case, sets, seed=options.seed)
    seconds = measure_seconds(cases[0.0])
    rows = [table_row(name, cases, found, seconds) for name in found[0.0].matrices]
    rows.append({"method": "gradient norm"} | {
        f"C3 AUROC, σ={sigma}": round(1 - lower_is(*_split(found[sigma].norms, cases[sigma])), 3)
        for sigma in sorted(found)[1:]
    })  # fmt: skip
    print_table(f"n = {size.n:,}, m = {size.m}, {len(size.checkpoint_epochs)} checkpoints", rows)
    told = {name: asdict(cost) for name, cost in seconds.items()}
    return {"n": size.n, "m": size.m, "checkpoints": len(size.checkpoint_epochs), "rows": rows,
            "seconds": told, "paper_seconds": PAPER}  # fmt: skip


def _split(values: Float64, case: Case) -> tuple[Float64, Float64]:
    return values[~case.noisy], values[case.noisy]


def table_row(
    name: str,
    cases: dict[float, Case],
    found: dict[float, Attributed],
    seconds: dict[str, Cost],
) -> Row:
    clean = found[0.0]
    row = {
        "method": name,
        "C1@10 %": class_share(clean.matrices[name], cases[0.0], DEFAULT.k),
        f"C1@{WIDE} %": class_share(clean.wide[name], cases[0.0], WIDE),
        **{f"C3 AUROC, σ={sigma}": round(noise_auroc(name, found[sigma], cases[sigma].noisy), 3)
           for sigma in sorted(found)[1:]},
    }  # fmt: skip
    if name in seconds:
        cost, slow = seconds[name], seconds[TRACIN]
        row |= {"s/image, of all": _short(cost.of_many), "s, one alone": _short(cost.alone),
                "s once": round(cost.once, 1), "TracIn ×": _short(slow.of_many / cost.of_many),
                "alone ×": _short(slow.alone / cost.alone)}  # fmt: skip
    return row


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def main() -> None:
    """Measure, print the table and save the figures."""
    options = work.parser(__doc__).parse_args()
    work.save(options, "baselines", run(options))


if __name__ == "__main__":
    main()
