"""What each choice does: quality, k, temperature, candidates, index, number of generated images.

Fashion-MNIST's 60,000 and the images of one generator (the flow's, else the GAN's, else the
VAE's), re-ranked by "features" with all distances exact. C1 and the values there; C3 on a copy of
the first 10,000 training images of which 5 % get Gaussian noise of σ = 0.1, valued by the same
generated images (whose generator never saw the noise).

    python -m benchmarks.truth.ablations.run --workspace WORKSPACE --work WORK
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.choices.noisy import spoilt
from benchmarks.kit.data import load
from benchmarks.kit.datasets import SETTINGS, BuiltSet, fashion, fashion_set, save_npz, workspace_of
from benchmarks.kit.reporting import print_table
from benchmarks.kit.work import generated_folder, parser, save
from benchmarks.truth.ablations.class_share import asked_of, image_paths
from benchmarks.truth.ablations.indexes import by_index
from benchmarks.truth.ablations.lists import (
    Lists,
    by_embedding,
    class_share,
    contributors_in_common,
    flat,
    matched,
    noise_found,
    rank_agreement,
    value,
    value_in_class,
    within,
)
from benchmarks.truth.ablations.settling import sampled, settling
from benchmarks.truth.generators.vae import Recipe
from gmv_core import ValueSettings, Workspace, build, open_source
from gmv_core.models.embedders.lite0 import load_lite0

GENERATORS = ("flow", "gan", "vae")  # the first whose images are there
TEMPERATURES: tuple[float | str, ...] = (0.01, 0.1, 1.0, 10.0, "auto")
SIGMA, NOISY = 0.1, 0.05
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Sizes:
    """asked: generated images. judged: those by each index. settle: more of them, by a β-VAE.

    indexes: the authors' is the fourth, and takes 15 s to train at any size.
    """

    training: int = 60_000
    noised: int = 10_000
    asked: int = 1000
    settle: int = 4000
    judged: int = 300
    indexes: int = 4
    candidates: tuple[int, ...] = (10, 30, 100, 300, 1000)
    depths: tuple[int, ...] = (1, 5, 10, 30, 50, 100)
    images: tuple[int, ...] = (10, 30, 100, 300, 500, 1000, 2000)
    epochs: int = 40


FULL = Sizes()
QUICK = Sizes(500, 300, 20, 20, 20, 3, (10, 30), (1, 10), (2, 10), 1)


@dataclass(frozen=True)
class Cases:
    """The same generated images against the whole set, and against the copy with noise."""

    whole: Lists
    copy: Lists
    noisy: np.ndarray

    def at(self, candidates: int) -> Cases:
        return replace(
            self, whole=within(self.whole, candidates), copy=within(self.copy, candidates)
        )

    def row(self, settings: ValueSettings, *, seed: int) -> dict[str, Any]:
        """Return C1 with its interval, and C3, under some settings."""
        share = class_share(self.whole, settings.k, seed=seed)
        return {**share, **noise_found(self.copy, self.noisy, settings)}


def by_quality(cases: Cases, *, seed: int) -> Rows:
    """Quality changes no list, so C1 stays; what changes is which part of the value is in class.

    spearman: among the images that have value, which are the same ones.
    """
    on, off = ValueSettings(), ValueSettings(quality_weighting=False)
    reference = value(cases.whole, on)[0]
    some = reference > 0
    return [
        {
            "quality weighting": name,
            "value_in_class": value_in_class(cases.whole, settings),
            "spearman": rank_agreement(value(cases.whole, settings)[0][some], reference[some]),
            **cases.row(settings, seed=seed),
        }
        for name, settings in (("on", on), ("off", off))
    ]


def by_depth(cases: Cases, depths: tuple[int, ...], *, seed: int) -> Rows:
    """k: spearman is against k = 10."""
    reference = value(cases.whole, ValueSettings())[0]
    rows: Rows = []
    for k in depths:
        settings = ValueSettings(k=k)
        phi, weights = value(cases.whole, settings)
        rows.append({
            "k": k,
            "value_in_class": value_in_class(cases.whole, settings),
            "valued": 100 * float((phi > 0).mean()),
            "effective": float(weights.effective.mean()),
            "spearman": rank_agreement(phi, reference),
            **cases.row(settings, seed=seed),
        })  # fmt: skip
    return rows


def by_temperature(cases: Cases) -> Rows:
    """Temperature, re-ranked and not: it changes no list, and so neither C1 nor who has value.

    spearman: against τ = 1, among the images that have value.
    """
    rows: Rows = []
    plain = replace(cases, whole=by_embedding(cases.whole), copy=by_embedding(cases.copy))
    for distance, some in (("features", cases), ("none", plain)):
        reference = value(some.whole, ValueSettings())[0]
        for temperature in TEMPERATURES:
            settings = ValueSettings(temperature=temperature)
            phi, weights = value(some.whole, settings)
            rows.append({
                "distance": distance,
                "temperature": temperature,
                "value_in_class": value_in_class(some.whole, settings),
                "effective": float(weights.effective.mean()),
                "spearman": rank_agreement(phi[reference > 0], reference[reference > 0]),
                **noise_found(some.copy, some.noisy, settings),
            })  # fmt: skip
    return rows


def by_candidates(cases: Cases, counts: tuple[int, ...], *, seed: int) -> Rows:
    """R: in_common and spearman are against the largest."""
    k = ValueSettings().k
    reference = value(cases.whole, ValueSettings())[0]
    rows: Rows = []
    for candidates in counts:
        some = cases.at(candidates)
        rows.append({
            "candidates": candidates,
            "in_common": contributors_in_common(
                some.whole.candidates, cases.whole.candidates, k),
            "spearman": rank_agreement(value(some.whole, ValueSettings())[0], reference),
            **some.row(ValueSettings(), seed=seed),
        })  # fmt: skip
    return rows


@contextmanager
def noised_set(options: argparse.Namespace, count: int) -> Iterator[tuple[BuiltSet, np.ndarray]]:
    """Yield a copy of the first training images with planted noise, and which are noisy, (n,)."""
    images, labels = fashion(options.fashion, "train")
    rows = np.random.default_rng(options.seed).permutation(count)[: round(NOISY * count)]
    noisy = np.zeros(count, bool)
    noisy[rows] = True
    made = spoilt(images[:count], rows, SIGMA, seed=options.seed)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        source = save_npz(Path(folder) / "noised.npz", made, labels[:count])
        build(workspace, open_source(source), name="noised", settings=SETTINGS)
        yield BuiltSet(workspace.image_set("noised"), load_lite0("fp32")), noisy


def chosen_generator(options: argparse.Namespace) -> str:
    """Return the first generator of which there are images of Fashion-MNIST."""
    for name in GENERATORS:
        if generated_folder(options, "fashion", name).is_dir():
            return name
    raise SystemExit(
        f"no generated images in {options.work}; "
        "run `python -m benchmarks.truth.generators.train` first"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every ablation and print the tables."""
    sizes, seed = QUICK if options.quick else FULL, options.seed
    generator = chosen_generator(options)
    paths = image_paths(generated_folder(options, "fashion", generator))
    paths = sorted(paths, key=lambda path: path.name)  # by number: classes in turn
    with workspace_of(options) as workspace, noised_set(options, sizes.noised) as (copy, noisy):
        made = fashion_set(options, workspace, sizes.training)
        some = asked_of(made, paths[: sizes.asked])
        most = sizes.candidates[-1]
        cases = Cases(matched(made, some, most), matched(copy, some, most), noisy)
        few = asked_of(made, paths[: sizes.judged])
        quality = cases.whole.quality[: sizes.judged]
        usual = cases.at(min(100, most))
        more = sampled(made, load("fashion", options).take(slice(sizes.training)), sizes.settle,
                       recipe=Recipe(epochs=sizes.epochs), seed=seed)  # fmt: skip
        told: dict[str, Any] = {
            "quality": by_quality(usual, seed=seed),
            "depth": by_depth(cases, sizes.depths, seed=seed),
            "temperature": by_temperature(usual),
            "candidates": by_candidates(cases, sizes.candidates, seed=seed),
            "index": by_index(made, few, quality, indexes=sizes.indexes, seed=seed),
            "settling": [
                *settling(usual.whole, generator, sizes.images, seed=seed),
                *settling(matched(made, more, min(100, most), exact=20), "vae", sizes.images,
                          seed=seed),
            ],
        }  # fmt: skip
    for name, rows in told.items():
        print_table(f"{name}: {generator}, {sizes.training:,} training images", flat(rows))
    return {"generator": generator, "generated": len(some.previews), **told}


def main() -> None:
    """Measure, print the tables and save the figures."""
    options = parser(__doc__).parse_args()
    save(options, "ablations", run(options))


if __name__ == "__main__":
    main()
