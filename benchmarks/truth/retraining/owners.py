"""Owners: does what is predicted without an owner's images agree with training without them?

The settings of lds.py. Groups of 2 to 10 % of the training images play owners: as many drawn at
random as coherent ones, the images nearest by pixels to a random image. The generator is trained
again without each, several seeds, the same for all. Measured is the loss of each generated image
less that of models of all images. Held against it: refitting the denoisers without the group, in
percent of their error (what `predicted_change` tells), the first-order sum over the group, the same
of a kernel over the class and of pixel distance, and the group's size alone. By owner: Spearman's
correlation over owners of the means over generated images, intervals resample owners. By image: the
score of lds.py over owners.

    python -m benchmarks.truth.retraining.owners --json
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.kit import work
from benchmarks.kit.data import Images
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.generators.stack import Training
from benchmarks.truth.retraining.linear import INFLUENCE, Linear
from benchmarks.truth.retraining.methods import kernel_matrix, pixel_distances
from benchmarks.truth.retraining.rank_scores import Resamples, ceiling, resamples, score
from benchmarks.truth.retraining.retraining import mixed, outputs, train_missing
from benchmarks.truth.retraining.setting import Setting, make_setting, parser, results_name, sizes
from gmv_core.types import Float64

OF_A_KIND = 20  # owners drawn at random, and as many coherent ones
SMALLEST, LARGEST = 0.02, 0.10
DRAWS = 1000
REFITTED = "linear model refitted without them"


def draw_owners(training: Images, count: int, *, seed: int) -> np.ndarray:
    """Return whose each training image is, (2·count, n) bool: random owners, then coherent."""
    n = len(training)
    rng = np.random.default_rng([seed, 17])
    many = np.rint(n * rng.uniform(SMALLEST, LARGEST, 2 * count)).astype(int)
    far = pixel_distances(training, training)
    owned = np.zeros((2 * count, n), bool)
    for k, row in enumerate(owned):
        order = rng.permutation(n) if k < count else np.argsort(far[rng.integers(n)], kind="stable")
        row[order[: many[k]]] = True
    return owned


def measured(setting: Setting, owned: np.ndarray, seeds: Sequence[int]) -> Float64:
    """Return how each generated image's loss changes without each owner, (seeds, owners, m)."""
    keep = [np.ones(owned.shape[1], bool), *~owned]
    groups = [
        [Training(np.flatnonzero(rows), seed=s, start_seed=s) for s in seeds] for rows in keep
    ]
    train_missing(setting, groups)
    found = np.stack([-outputs(setting, group) for group in groups])
    return (found[1:] - found[0]).transpose(1, 0, 2)


def predictions(setting: Setting, owned: np.ndarray) -> dict[str, Float64]:
    """Return what each method predicts of that change, (owners, m), in its own unit."""
    pair = (setting.training, setting.generated)
    linear, mine = Linear(*pair), owned.astype(np.float64)
    return {
        REFITTED: 100 * linear.without(~owned),
        f"{INFLUENCE}, summed": mine @ linear.matrix().T,
        "kernel over the class": mine @ kernel_matrix(*pair).T,
        "pixel L2, all n, less its mean": mine @ _centred(-pixel_distances(*pair)).T,
        "how many images": np.repeat(mine.sum(1)[:, None], len(setting.generated), axis=1),
    }


def _centred(matrix: Float64) -> Float64:
    """Return a matrix whose rows add up to 0: a larger group is then not simply farther away."""
    return matrix - matrix.mean(axis=1, keepdims=True)


def agreement_rows(predicted: dict[str, Float64], truth: Float64, *, seed: int) -> list[Row]:
    """Score each method over some owners, by owner and by image."""
    draws = resamples(*truth.shape, draws=DRAWS, seed=seed)
    whole = Resamples(draws.halves, np.ones((DRAWS, 1)))
    rows: list[Row] = []
    for name, values in predicted.items():
        by_owner = score(values.mean(1)[:, None], truth.mean(1)[:, None], whole)
        by_image = score(values, truth, draws)
        rows.append({
            "method": name, "by owner": round(by_owner.value, 3), "95 %": by_owner.interval(),
            "by image": round(by_image.value, 3), "by image 95 %": by_image.interval(),
        })  # fmt: skip
    return rows


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Retrain where that is not done yet and print how far predictions agree."""
    size, setting = sizes(options), make_setting(options)
    count = 4 if options.quick else OF_A_KIND
    coherent = 0 if vars(options).get("random") else count
    seeds = [mixed(options.seed, s, 11) for s in range(size.owner_seeds)]
    owned = draw_owners(setting.training, count, seed=options.seed)[: count + coherent]
    by_seed, predicted = measured(setting, owned, seeds), predictions(setting, owned)
    truth = by_seed.mean(0)
    parts = {"random": slice(None, count)}
    if coherent:
        parts |= {"coherent": slice(count, None), "all owners": slice(None)}
    tables, ceilings = {}, {}
    for kind, part in parts.items():
        some = {name: values[part] for name, values in predicted.items()}
        tables[kind] = agreement_rows(some, truth[part], seed=options.seed)
        ceilings[kind] = [
            {"level": level, **ceiling(values)}
            for level, values in (
                ("owner", by_seed[:, part].mean(2, keepdims=True)), ("image", by_seed[:, part])
            )
        ]  # fmt: skip
        print_table(f"How far retraining with other seeds agrees, {kind}", ceilings[kind])
        print_table(f"Without an owner, {kind}: {len(truth[part])} owners, {len(seeds)} seeds",
                    tables[kind])  # fmt: skip
    means = {name: values.mean(1).tolist() for name, values in predicted.items()}
    return {"n": size.n, "m": size.m, "seeds": len(seeds), "tables": tables, "ceilings": ceilings,
            "sizes": owned.sum(1).tolist(), "predicted": means,
            "measured": truth.mean(1).tolist()}  # fmt: skip


def main() -> None:
    """Measure, print the tables and save the figures."""
    asked = parser(__doc__)
    asked.add_argument("--random", action="store_true", help="no coherent owners")
    options = asked.parse_args()
    work.save(options, results_name("owners", options), run(options))


if __name__ == "__main__":
    main()
