"""Does credit for convincing matches alone find noisy training images better, and at which reach?

The noisy sets of benchmarks/truth/noise: Fashion-MNIST, 10,000 training images of which 5 % are
noise, a β-VAE trained on them, its 1,000 images valued with the product's defaults. A match counts
as convincing up to a quantile of the null's nearest distances (training images left out one by
one): by the run's own distance, or between embeddings. AUROC of the product's ranking.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.kit.data import Images, asked_classes, write_images
from benchmarks.kit.datasets import SETTINGS, save_npz
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.truth.generators.vae import Recipe, sample, train
from benchmarks.truth.noise.planting import plant
from benchmarks.truth.noise.run import QUICK, Clean, Sizes, clean
from gmv_core import Result, Workspace, build, open_run, open_source, value
from gmv_core.measures.detection import auroc_interval
from gmv_core.method.value import rank_from_bottom
from gmv_core.results.candidate_lists import blocks
from gmv_core.trust.null import read_null
from gmv_core.trust.standing import STANDINGS, Nearest
from gmv_core.types import Float64

NOISE = ("gaussian-0.1", "gaussian-0.5", "foreign")
QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.99)
SHARE = 0.05


def result_of(
    made: Clean, sizes: Sizes, kind: str, seed: int, folder: Path
) -> tuple[Result, np.ndarray]:
    """Plant, train, generate and value; return the run and which training images are noisy."""
    planted = plant(made.images, kind, SHARE, seed=seed, foreign=made.foreign)
    trained = train(planted.images, seed=seed, recipe=Recipe(epochs=sizes.epochs))
    classes = asked_classes(planted.images, sizes.generated)
    pixels = sample(trained.model, classes, planted.images.pixels.shape[1:], seed=seed)
    generated = Images(pixels, classes, planted.images.names)
    workspace, embedder = Workspace(folder / "workspace"), made.embedder.fork()
    source = save_npz(folder / "training.npz", planted.images.pixels, planted.images.classes)
    build(workspace, open_source(source), name="training", settings=SETTINGS, embedder=embedder)
    pictures = write_images(
        folder / "made", generated.pixels, generated.classes.tolist(), generated.names
    )
    value(workspace, open_source(pictures), against="training", name="run", embedder=embedder)
    return open_run(workspace, "run"), planted.noisy


def measure(result: Result, noisy: np.ndarray) -> list[Row]:
    """Return a row a rule: AUROC of its ranking, and the share of quality left unattributed."""
    entry = result.manifest.null
    if entry is None:
        raise ValueError("the run has no null")
    null = read_null(result.training, entry).nearest
    least = result.values_table(("nearest_distance",))["nearest_distance"].to_numpy()
    n = len(least)
    parts = [(b.handed_out(result.settings), b.matches) for b in blocks(result.run)]
    k = parts[0][0].contributors.shape[1]
    rows, credit, distance, embedding = (
        np.concatenate(columns)
        for columns in (
            [h.contributors for h, _ in parts],
            [h.credit for h, _ in parts],
            [m.distance[:, :k] for _, m in parts],
            [m.recall_distance[:, :k] for _, m in parts],
        )
    )

    def row(rule: str, kept: np.ndarray) -> Row:
        values = np.bincount(rows[kept], weights=credit[kept], minlength=n)
        suspicion = np.empty(n)
        suspicion[rank_from_bottom(values, least)] = -np.arange(n, dtype=float)
        auroc, low, high = auroc_interval(suspicion, noisy)
        return {"credit": rule, "AUROC": round(auroc, 3), "low": round(low, 3),
                "high": round(high, 3), "value alone": round(auroc_interval(-values, noisy)[0], 3),
                "unattributed, %": round(100 * (1 - values.sum() / credit.sum()), 1)}  # fmt: skip

    found = [row("as the paper", np.ones(rows.shape, bool))]
    for name, seen, own in reaches(null, distance, embedding):
        for q in QUANTILES:
            found.append(row(f"{name}, {q:g}", seen <= np.quantile(own, q)))
    return found


def reaches(
    null: Nearest, distance: Float64, embedding: Float64
) -> list[tuple[str, Float64, Float64]]:
    """Return the two distances that a reach can be taken of: name, matches', null's nearest."""
    return [("features", distance, null.distance[:, 0]),
            ("embedding", embedding, null.embedding[:, 0])]  # fmt: skip


def main() -> None:
    """Measure every kind and print the tables."""
    options = parser(__doc__ or "").parse_args()
    finish(options, "trust.credit", run(options))


def run(options: argparse.Namespace, seeds: int = 1) -> dict[str, list[Row]]:
    """Return the rows of every kind and seed."""
    sizes, found = QUICK if options.quick else Sizes(), {}
    for seed in range(options.seed, options.seed + seeds):
        made = clean(options, sizes, seed)
        for kind in NOISE[:1] if options.quick else NOISE:
            with tempfile.TemporaryDirectory() as folder:
                result, noisy = result_of(made, sizes, kind, seed, Path(folder))
                standing = result.generated_table(("standing",))["standing"]
                print({name: int((standing == name).sum()) for name in STANDINGS})
                found[f"{kind}, seed {seed}"] = measure(result, noisy)
            print_table(f"{kind}, seed {seed}", found[f"{kind}, seed {seed}"])
    return found


if __name__ == "__main__":
    main()
