"""C1 in the paper's setting: have the contributors of a generated image the class it was asked for?

The first ten images of each class from every generator, 100 a generator
(`python -m benchmarks.truth.generators.train`), against the whole built set. The product's own
matching with R = 200 candidates, so that k = 100 is not all of the list, all distances exact;
pixel L2 over the whole set beside it.
Intervals: 95 %, bootstrap over the generated images.

    python -m benchmarks.truth.ablations.class_share --workspace WORKSPACE --work WORK
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.kit.data import available
from benchmarks.kit.datasets import BuiltSet, cifar_set, fashion_set, workspace_of
from benchmarks.kit.reporting import Row, print_table
from benchmarks.kit.work import generated_folder, parser, save
from gmv_core import MatchSettings, ValueSettings, Workspace, load_matcher
from gmv_core.matching.matcher import embed_previews
from gmv_core.measures.agreement import by_chance, coded, shares
from gmv_core.measures.bootstrap import mean_interval
from gmv_core.method.recall import exact_search
from gmv_core.types import Float32, Float64, Int64, UInt8

GENERATORS = ("vae", "gan", "flow")
DISTANCES = ("none", "l2", "stlpips", "features")
EXHAUSTIVE, CHANCE = "pixel L2, exhaustive", "chance"
PAPER: list[Row] = [
    {"reported by the paper": "GMValuator", "images": "MNIST, another generator", "C1 %": 88.78},
    {"reported by the paper": "GMValuator", "images": "CIFAR-10, another generator", "C1 %": 77.94},
    {"reported by the paper": "VAE-TracIn", "images": "MNIST, another VAE", "C1 %": 72.00},
    {"reported by the paper": "VAE-TracIn", "images": "CIFAR-10, another VAE", "C1 %": 6.28},
]  # MNIST is not Fashion-MNIST: they stand beside our figures, not against them


@dataclass(frozen=True)
class Sizes:
    """each: generated images a class. fashion, cifar10: training images."""

    each: int = 10
    candidates: int = 200
    depths: tuple[int, ...] = (1, 10, 30, 50, 100)
    fashion: int = 60_000
    cifar10: int = 50_000


FULL, QUICK = Sizes(), Sizes(1, 20, (1, 10), 500, 500)


@dataclass(frozen=True)
class Asked:
    """Generated images: m previews (h, w, 3), (m,) labels and generators, embedded."""

    previews: list[UInt8]
    labels: np.ndarray
    generators: np.ndarray
    vectors: Float32
    features: Float32 | None


def built(
    data: str, options: argparse.Namespace, workspace: Workspace, sizes: Sizes = FULL
) -> BuiltSet:
    """Open the training set of "fashion" or "cifar10", built where it is not yet."""
    if data == "fashion":
        return fashion_set(options, workspace, sizes.fashion)
    return cifar_set(options, workspace, sizes.cifar10)


def image_paths(folder: Path, each: int | None = None) -> list[Path]:
    """Return the first `each` images of every class folder, by number; None: all."""
    classes = [path for path in sorted(folder.glob("*")) if path.is_dir()]
    return [image for path in classes for image in sorted(path.glob("*.png"))[:each]]


def asked_of(made: BuiltSet, paths: Sequence[Path]) -> Asked:
    """Read and embed generated images that lie as GENERATOR/CLASS/NUMBER.png."""
    previews = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    vectors, features = embed_previews(made.embedder, previews)
    return Asked(
        previews,
        np.array([path.parent.name for path in paths]),
        np.array([path.parent.parent.name for path in paths]),
        vectors,
        features,
    )


def pixel_neighbours(made: BuiltSet, asked: Asked, k: int) -> Int64:
    """Return the k nearest training rows by pixels, (m, k), searched without any index."""

    def blocks() -> Iterator[tuple[Int64, Float32]]:
        rows = np.arange(len(made.labels))
        for some in np.split(rows, rows[5000::5000]):
            yield some, _flat(made.previews(some))

    return exact_search(_flat(asked.previews), blocks(), k=k).ids


def _flat(previews: Sequence[UInt8]) -> Float32:
    return np.stack([image.ravel() for image in previews]).astype(np.float32) / 255


def orders(made: BuiltSet, asked: Asked, sizes: Sizes) -> dict[str, Int64]:
    """Return the candidates of all generated images by distance, nearest first, (m, R)."""
    found = {}
    for distance in DISTANCES:
        matcher = load_matcher(
            made.training,
            made.training.manifest(),
            settings=MatchSettings(sizes.candidates, distance, "none"),
            value=ValueSettings(k=sizes.candidates),  # "features" is exact to twice this depth
            side_px=min(asked.previews[0].shape[:2]),
        )
        found[distance] = matcher.match(asked.vectors, asked.features, asked.previews).candidates
    found[EXHAUSTIVE] = pixel_neighbours(made, asked, sizes.candidates)
    return found


def in_percent(values: Float64, *, seed: int) -> list[dict[str, float]]:
    """Return mean, low and high of each column of (m, d) shares, rounded, in %."""
    names = ("share", "low", "high")
    return [
        {name: round(100 * float(x), 2) for name, x in zip(names, column, strict=True)}
        for column in zip(*mean_interval(values, seed=seed), strict=True)
    ]


def rows_of(
    data: str, made: BuiltSet, asked: Asked, found: dict[str, Int64], sizes: Sizes, *, seed: int
) -> list[dict[str, Any]]:
    """Return one row a generator, distance and k."""
    rows: list[dict[str, Any]] = []
    codes = coded(made.labels.tolist(), asked.labels.tolist())
    chance = by_chance(codes, np.ones(len(made.labels), bool))[:, None].repeat(len(sizes.depths), 1)
    by_order = {name: shares(order, codes, sizes.depths) for name, order in found.items()}
    for generator in dict.fromkeys(asked.generators.tolist()):
        mine = asked.generators == generator
        about = {"data": data, "generator": generator, "images": int(mine.sum())}
        for name, values in {**by_order, CHANCE: chance}.items():
            cells = in_percent(values[mine], seed=seed)
            rows += [
                {**about, "distance": name, "k": k, **cell}
                for k, cell in zip(sizes.depths, cells, strict=True)
            ]
    return rows


def table_of(rows: Sequence[dict[str, Any]]) -> list[Row]:
    """Return one line a generator and distance, with a column for each k."""
    lines: dict[tuple[str, ...], dict[str, str | int]] = {}
    for row in rows:
        about = {name: row[name] for name in ("data", "generator", "images", "distance")}
        line = lines.setdefault(tuple(map(str, about.values())), about)
        line[f"k={row['k']}"] = f"{row['share']:.1f} [{row['low']:.1f}, {row['high']:.1f}]"
    return list(lines.values())


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every generator whose images are in the work folder, and print the tables."""
    sizes = QUICK if options.quick else FULL
    rows: list[dict[str, Any]] = []
    missing: list[str] = []
    with workspace_of(options) as workspace:
        for data in available(options):
            folders = {name: generated_folder(options, data, name) for name in GENERATORS}
            missing += [f"{data}/{name}" for name, path in folders.items() if not path.is_dir()]
            paths = [p for f in folders.values() for p in image_paths(f, sizes.each)]
            if paths:
                made = built(data, options, workspace, sizes)
                asked = asked_of(made, paths)
                found = orders(made, asked, sizes)
                rows += rows_of(data, made, asked, found, sizes, seed=options.seed)
    for name in missing:
        print(f"no images of {name} in {options.work}: left out", file=sys.stderr)
    print_table("C1: contributors of the class asked for, % [95 % interval]", table_of(rows))
    print_table("The paper's figures: other generators, other data where it says so", PAPER)
    return {"candidates": sizes.candidates, "rows": rows, "missing": missing, "paper": PAPER}


def main() -> None:
    """Measure, print the tables and save the figures."""
    options = parser(__doc__).parse_args()
    save(options, "class_share", run(options))


if __name__ == "__main__":
    main()
