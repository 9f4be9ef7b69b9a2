"""Do the intervals of the differences between two runs hold?

Two runs are drawn from a made world in which the truth is known: training images of random
popularity, generated images with ten contributors each and random quality. Once the second run
values the same generated images with other settings (half of the contributors are others, all
weights are), once it values those of another model. The truth of a difference, and of a rank
correlation from so many images, is its mean over many drawings.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core.measures.paired import Parts, difference_intervals, rank_correlation, share_changes
from gmv_core.trust.intervals import difference_bounds, share_difference_bounds
from gmv_core.types import Float64, Int64

TRAINING, CONTRIBUTORS, OWNERS, SMALL = 300, 10, 4, 100
LARGEST = 20
TRUTHS = 5  # times as many drawings as are judged: the truth of one image's share is small


def run_of(
    likely: Float64, quality: Float64, first: int, images: int, rng: np.random.Generator
) -> Parts:
    """Return what the images from `first` on give to training images, drawn by popularity."""
    m = len(quality)
    chosen = [rng.choice(TRAINING, CONTRIBUTORS, replace=False, p=likely) for _ in range(m)]
    whole = np.zeros(images)
    whole[first : first + m] = quality
    return Parts(
        np.repeat(np.arange(first, first + m), CONTRIBUTORS),
        np.concatenate(chosen),
        _weights(quality, rng),
        whole,
    )


def _weights(quality: Float64, rng: np.random.Generator) -> Float64:
    split = rng.dirichlet(np.ones(CONTRIBUTORS), len(quality)) * quality[:, None]
    return np.asarray(split.ravel(), np.float64)


def two_runs(
    likely: tuple[Float64, Float64], m: int, *, same: bool, rng: np.random.Generator
) -> tuple[Parts, Parts]:
    """Return two runs of m generated images each. same: they are the same images."""
    images = m if same else 2 * m
    quality = 0.3 + 0.5 * rng.random(m)
    first = run_of(likely[0], quality, 0, images, rng)
    if not same:
        return first, run_of(likely[1], 0.3 + 0.5 * rng.random(m), m, images, rng)
    others = rng.choice(TRAINING, len(first.group), p=likely[1])
    group = np.where(rng.random(len(others)) < 0.5, first.group, others)
    return first, Parts(first.image, group, _weights(quality, rng), first.whole)


def by_owner(run: Parts, owner: Int64) -> Parts:
    return Parts(run.image, owner[run.group], run.value, run.whole)


def coverage(m: int, *, same: bool, draws: int, seed: int) -> list[Row]:
    """Return how often the intervals hold the truth."""
    rng = np.random.default_rng(seed)
    uneven = [rng.dirichlet(np.full(TRAINING, 0.5)) for _ in range(2)]
    likely = uneven[0], (uneven[0] + uneven[1]) / 2
    owner, small = rng.integers(0, OWNERS, TRAINING), rng.integers(0, SMALL, TRAINING)
    owners, smalls, images, seen = [], [], [], []
    for _ in range(TRUTHS * draws):
        runs = two_runs(likely, m, same=same, rng=rng)
        seen.append(rank_correlation(*runs, groups=TRAINING, folds=2)[0])
        owners.append(_rise([by_owner(run, owner) for run in runs], OWNERS))
        smalls.append(_rise([by_owner(run, small) for run in runs], SMALL))
        images.append(_rise(runs, TRAINING))
    truth, of_small, of_images = (np.mean(rises, axis=0) for rises in (owners, smalls, images))
    correlation, largest = float(np.mean(seen)), _largest(of_images)
    names = (
        "difference of shares",
        f"the same, {SMALL} owners",
        "the same, bootstrap alone",
        "rank correlation",
        "difference of an image's share",
        f"the same, {LARGEST} largest",
        f"the same, {LARGEST} largest seen",
    )
    held: dict[str, list[float]] = {name: [] for name in names}
    for draw in range(draws):
        runs = two_runs(likely, m, same=same, rng=rng)
        owned = by_owner(runs[0], owner), by_owner(runs[1], owner)
        low, high = share_difference_bounds(*owned, groups=OWNERS, seed=draw)
        held[names[0]].append(_holds(low, high, truth))
        owned = by_owner(runs[0], small), by_owner(runs[1], small)
        low, high = share_difference_bounds(*owned, groups=SMALL, seed=draw)
        held[names[1]].append(_holds(low, high, of_small))
        low, high = difference_intervals(*owned, groups=SMALL, seed=draw)
        held[names[2]].append(_holds(low, high, of_small))
        _, least, most = rank_correlation(*runs, groups=TRAINING, seed=draw)
        held["rank correlation"].append(float(least <= correlation <= most))
        low, high = difference_bounds(*share_changes(*runs, groups=TRAINING), TRAINING)
        holds, found = (low <= of_images) & (of_images <= high), _largest(_rise(runs, TRAINING))
        for name, some in zip(names[4:], (slice(None), largest, found), strict=True):
            held[name].append(float(holds[some].mean()))
    return [
        {"interval of the": name, "images": m, "the same in both": "yes" if same else "no",
         "holds, %": round(100 * float(np.mean(found)), 1),
         "± standard error": round(100 * float(np.std(found) / np.sqrt(draws)), 1)}
        for name, found in held.items()
    ]  # fmt: skip


def _holds(low: Float64, high: Float64, truth: Float64) -> float:
    return float(((low <= truth) & (truth <= high)).mean())


def _rise(runs: Sequence[Parts], groups: int) -> Float64:
    return runs[1].shares(groups) - runs[0].shares(groups)


def _largest(rises: Float64) -> Int64:
    return np.argsort(-np.abs(rises), kind="stable")[:LARGEST]


def main() -> None:
    """Measure and print the table."""
    options = parser(__doc__ or "").parse_args()
    draws, sizes = (5, (20,)) if options.quick else (300, (20, 60, 240))
    rows = [
        row
        for m in sizes
        for same in (True, False)
        for row in coverage(m, same=same, draws=draws, seed=options.seed + m)
    ]
    print_table("coverage", rows)
    finish(options, "trust.compared", {"coverage": rows})


if __name__ == "__main__":
    main()
