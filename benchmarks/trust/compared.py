"""Do the intervals of the differences between two runs hold?

Two runs are drawn from a made world in which the truth is known: training images of random
popularity, generated images with ten contributors each and random quality. Once the second run
values the same generated images with other settings (half of the contributors are others, all
weights are), once it values those of another model. The truth of a difference, and of a rank
correlation from so many images, is its mean over many drawings.
"""

from __future__ import annotations

import numpy as np

from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core.measures.paired import Parts, difference_intervals, rank_correlation
from gmv_core.types import Float64, Int64

TRAINING, CONTRIBUTORS, OWNERS = 300, 10, 4


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
    owner = rng.integers(0, OWNERS, TRAINING)
    truths, seen = [], []
    for _ in range(2 * draws):
        runs = two_runs(likely, m, same=same, rng=rng)
        seen.append(rank_correlation(*runs, groups=TRAINING, folds=2)[0])
        shares = [by_owner(run, owner).shares(OWNERS) for run in runs]
        truths.append(shares[1] - shares[0])
    truth, correlation = np.mean(truths, axis=0), float(np.mean(seen))
    held: dict[str, list[float]] = {"difference of shares": [], "rank correlation": []}
    for draw in range(draws):
        runs = two_runs(likely, m, same=same, rng=rng)
        owned = by_owner(runs[0], owner), by_owner(runs[1], owner)
        low, high = difference_intervals(*owned, groups=OWNERS, seed=draw)
        held["difference of shares"].append(float(((low <= truth) & (truth <= high)).mean()))
        _, least, most = rank_correlation(*runs, groups=TRAINING, seed=draw)
        held["rank correlation"].append(float(least <= correlation <= most))
    return [
        {"interval of the": name, "images": m, "the same in both": "yes" if same else "no",
         "holds, %": round(100 * float(np.mean(found)), 1),
         "± standard error": round(100 * float(np.std(found) / np.sqrt(draws)), 1)}
        for name, found in held.items()
    ]  # fmt: skip


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
