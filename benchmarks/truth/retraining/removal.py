"""Removal: does the generator lose its images when their most valuable training images go?

The settings of lds.py. The top 1, 5, 10 and 25 % by value φ are taken out of the training set, as
many from the bottom and as many at random, and the generator is trained again with several seeds;
the same seeds and first weights serve every arm, so arms pair by seed. Measured is the mean loss on
the generated images that were valued, less that of models trained on all images: positive means
that the removal hurt. A smaller set also means fewer steps an epoch, for all arms alike, so "less
random" is the clean comparison. Intervals are Student's over seeds; the random arm is the mean of
three draws of other images for every seed. "per class" takes the same share of every class, since a
top taken over all classes also shifts their balance.

    python -m benchmarks.truth.retraining.removal --workspace WORKSPACE --json
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student

from benchmarks.kit import work
from benchmarks.kit.datasets import workspace_of
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.generators.stack import Training
from benchmarks.truth.retraining.compared import KERNEL, OURS, Compared, compare
from benchmarks.truth.retraining.linear import INFLUENCE
from benchmarks.truth.retraining.retraining import mixed, outputs, train_missing
from benchmarks.truth.retraining.setting import Setting, make_setting, parser, results_name, sizes
from gmv_core.method.value import rank_from_bottom
from gmv_core.types import Float64, Int64

ALSO = ("pixel L2", KERNEL)  # and INFLUENCE, and of a VAE the gradients' methods
RANDOM_DRAWS = 3
RANDOM = "random"  # the mean of the draws
Removed = Callable[[int, int], Int64]  # (how many, seed) → the rows that go


def top(value: Float64, mean_distance: Float64) -> Removed:
    """Take from the end of the ranking by value and mean distance, the most valuable."""
    order = rank_from_bottom(value, mean_distance)
    return lambda count, _: order[len(order) - count :]


def bottom(value: Float64, mean_distance: Float64) -> Removed:
    """Take from the bottom of that ranking."""
    order = rank_from_bottom(value, mean_distance)
    return lambda count, _: order[:count]


def per_class(order: Int64, classes: Int64) -> Removed:
    """Take from the end of a ranking, the same share of every class (to one image)."""

    def removed(count: int, _: int) -> Int64:
        names = np.unique(classes)
        each = np.full(len(names), count // len(names))
        each[: count % len(names)] += 1
        parts = [
            order[classes[order] == c][::-1][:many] for c, many in zip(names, each, strict=True)
        ]
        return np.concatenate(parts)

    return removed


def drawn(n: int, draw: int = 0) -> Removed:
    """Take at random, others for every seed and draw."""
    return lambda count, seed: np.random.default_rng([seed, count, draw]).permutation(n)[:count]


def arms(compared: Compared, classes: Int64, also: Sequence[str]) -> dict[str, Removed]:
    """Return what every arm takes out."""
    far = compared.mean_distance
    phi = {name: compared.matrices[name].sum(0) for name in (OURS, *also, INFLUENCE)}
    predicted = rank_from_bottom(phi[INFLUENCE], far)
    return {
        "top, ours": top(phi[OURS], far),
        "bottom, ours": bottom(phi[OURS], far),
        **{f"{RANDOM} {draw}": drawn(len(far), draw) for draw in range(RANDOM_DRAWS)},
        **{f"top, {name}": top(phi[name], far) for name in (*also, INFLUENCE)},
        f"top, {INFLUENCE}, per class": per_class(predicted, classes),
        f"bottom, {INFLUENCE}": bottom(phi[INFLUENCE], far),
    }


def trainings_without(n: int, removed: Removed, count: int, seeds: Sequence[int]) -> list[Training]:
    """Return the trainings of an arm: all of n images but `count`, with each seed."""
    return [
        Training(np.setdiff1d(np.arange(n), removed(count, seed)), seed=seed, start_seed=seed)
        for seed in seeds
    ]


def seed_losses(setting: Setting, trainings: Sequence[Training]) -> Float64:
    """Return the mean loss on the generated images of each training, (seeds,)."""
    return -outputs(setting, trainings).mean(1)


def difference(values: Float64) -> tuple[float, float]:
    """Return the mean of (seeds,) paired differences and half the width of its 95 % interval."""
    error = values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean()), float(student.ppf(0.975, len(values) - 1) * error)


def told(values: Float64) -> str:
    mean, half = difference(values)
    digits = 2 if abs(mean) + half > 0.1 else 4  # nats of a VAE, mean squares of a flow
    return f"{mean:+.{digits}f} ± {half:.{digits}f}"


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Retrain where that is not done yet and print the differences."""
    size = sizes(options)
    setting = make_setting(options)
    seeds = [mixed(options.seed, s, 11) for s in range(size.removal_seeds)]
    with workspace_of(options) as workspace:
        compared = compare(setting, workspace, size, seed=options.seed)
    gradients = [name for name in compared.matrices if "TracIn" in name or "models" in name]
    also = (*ALSO, "embedding only", *gradients) if vars(options).get("more") else ALSO
    every = trainings_without(size.n, drawn(size.n), 0, seeds)
    asked = {
        share: {
            arm: trainings_without(size.n, removed, round(share * size.n), seeds)
            for arm, removed in arms(compared, setting.training.classes, also).items()
        }
        for share in size.removed
    }
    groups = [group for by_arm in asked.values() for group in by_arm.values()]
    train_missing(setting, [every, *groups])
    full = seed_losses(setting, every)
    found: dict[str, dict[str, Float64]] = {}
    for share, without in asked.items():
        by_arm = {arm: seed_losses(setting, group) for arm, group in without.items()}
        draws = [by_arm.pop(f"{RANDOM} {draw}") for draw in range(RANDOM_DRAWS)]
        found[f"{share:.0%}"] = {**by_arm, RANDOM: np.mean(draws, axis=0)}
    rows: list[Row] = [
        {"removed": arm, **{f"{share} less full": told(by_arm[arm] - full)
                            for share, by_arm in found.items()},
         **{f"{share} less random": told(by_arm[arm] - by_arm[RANDOM])
            for share, by_arm in found.items() if arm != RANDOM}}
        for arm in next(iter(found.values()))
    ]  # fmt: skip
    print_table(
        f"Mean loss on the {size.m} generated images after removing training images "
        f"(n = {size.n:,}, {len(seeds)} seeds; all images: {full.mean():.4g})",
        rows,
    )
    kept = {share: {arm: values.tolist() for arm, values in by_arm.items()}
            for share, by_arm in found.items()}  # fmt: skip
    return {"n": size.n, "m": size.m, "seeds": len(seeds), "rows": rows,
            "full": full.tolist(), "losses": kept}  # fmt: skip


def main() -> None:
    """Measure, print the table and save the figures."""
    asked = parser(__doc__)
    asked.add_argument("--more", action="store_true", help="also by TracIn, TRAK and embedding")
    options = asked.parse_args()
    work.save(options, results_name("removal", options), run(options))


if __name__ == "__main__":
    main()
