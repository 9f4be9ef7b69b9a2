"""Is precision of a review unbiased, and do its intervals hold, wherever a reviewer stops?

A run of which every pair is known plays the truth: whether two pictures are alike becomes rarer
with distance. A simulated reviewer says yes to so many of those that are alike (sensitivity) and
no to so many of those that are not (specificity), always the same of the same pair: what she would
say of all pairs is what a review should tell. 500 reviews of that run are drawn, each with another
seed, and judged in their order up to a third, a half and the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core.audit.review.results import precision_at
from gmv_core.audit.review.reviews import Stratum
from gmv_core.audit.review.sampling import BANDS, DEPTH, DEPTHS, Population, ReviewSettings, draw
from gmv_core.trust.standing import STANDINGS
from gmv_core.types import Float64

DRAWS = 500
STOPS = (1 / 3, 1 / 2, 1.0)


@dataclass(frozen=True)
class Reviewer:
    """sensitivity, specificity: share of the alike, and of the others, that is judged right."""

    name: str
    sensitivity: float
    specificity: float


REVIEWERS = (
    Reviewer("never errs", 1.0, 1.0),
    Reviewer("errs in 1 of 10", 0.9, 0.9),
    Reviewer("says no to a third of the alike", 0.67, 0.98),
)


def known_run(images: int, seed: int) -> tuple[Population, np.ndarray]:
    """Return a run of so many generated images and whether each of its pairs is alike.

    Distances rise with rank; 1 in 12 images is a near copy, 1 in 4 has no convincing source.
    """
    rng = np.random.default_rng(seed)
    standing = rng.choice(np.array(STANDINGS, object), images, p=[1 / 12, 2 / 3, 1 / 4])
    base = rng.normal(0, 1, images) + np.select([standing == s for s in STANDINGS], [-3, 0, 2])
    distance = base[:, None] + np.cumsum(rng.exponential(0.4, (images, DEPTH)), axis=1)
    alike = rng.random(distance.shape) < 1 / (1 + np.exp(1.5 * distance))
    rank = np.tile(np.arange(1, DEPTH + 1), images)
    generated = np.repeat(np.arange(images), DEPTH)
    band = np.searchsorted(DEPTHS, rank)
    code = band * len(STANDINGS) + np.repeat([STANDINGS.index(s) for s in standing], DEPTH)
    codes, stratum, sizes = np.unique(code, return_inverse=True, return_counts=True)
    names = tuple((*BANDS[c // 3], STANDINGS[c % 3]) for c in codes)
    whole = Population(
        generated, generated, rank, distance.ravel(), np.repeat(standing, DEPTH), stratum,
        codes // len(STANDINGS), sizes, names,
    )  # fmt: skip
    return whole, alike.ravel()


def answers(alike: np.ndarray, reviewer: Reviewer, seed: int) -> Float64:
    """Return what the reviewer would say of every pair, 1 for yes."""
    chance = np.random.default_rng(seed).random(len(alike))
    said = np.where(alike, chance < reviewer.sensitivity, chance >= reviewer.specificity)
    return said.astype(np.float64)


def coverage(
    whole: Population, said: Float64, settings: ReviewSettings, *, draws: int
) -> dict[tuple[int, float], tuple[float, float, float, float, float]]:
    """Return, for each k and stop, truth, mean, its standard error, coverage, mean width."""
    strata = [Stratum(*name, int(n)) for name, n in zip(whole.names, whole.sizes, strict=True)]
    found: dict[tuple[int, float], list[tuple[float, float, float]]] = {}
    for seed in range(draws):
        sample = draw(whole, ReviewSettings(settings.pairs, settings.controls, seed=seed))
        for stop in STOPS:
            judged = sample.of[: round(stop * settings.pairs)]
            judged = judged[judged >= 0]
            for k in DEPTHS:
                share = precision_at(k, strata, whole.stratum[judged], said[judged])
                found.setdefault((k, stop), []).append((share.share, share.low, share.high))
    told = {}
    for (k, stop), rows in found.items():
        truth = float(said[whole.rank <= k].mean())
        share, low, high = np.array(rows).T
        held = (low <= truth + 1e-12) & (truth <= high + 1e-12)
        error = float(share.std(ddof=1) / np.sqrt(draws))
        told[k, stop] = (truth, float(share.mean()), error, float(held.mean()),
                         float((high - low).mean()))  # fmt: skip
    return told


def table(images: int, pairs: int, reviewer: Reviewer, *, draws: int, seed: int) -> list[Row]:
    """Return the rows of one run, design and reviewer."""
    whole, alike = known_run(images, seed)
    said = answers(alike, reviewer, seed + 1)
    found = coverage(whole, said, ReviewSettings(pairs), draws=draws)
    return [
        {"generated images": images, "reviewer": reviewer.name, "pairs shown": round(stop * pairs),
         "of": pairs, "k": k, "alike, %": round(100 * float(alike[whole.rank <= k].mean()), 1),
         "she would say yes, %": round(100 * truth, 1), "mean of the reviews, %":
         f"{100 * mean:.1f} ± {100 * error:.1f}", "interval holds, %": round(100 * held, 1),
         "width, points": round(100 * width, 1)}
        for (k, stop), (truth, mean, error, held, width) in sorted(found.items())
    ]  # fmt: skip


def main() -> None:
    """Measure and print the tables."""
    options = parser(__doc__ or "").parse_args()
    draws = 20 if options.quick else DRAWS
    found = {}
    for images, pairs in ((60, 60), (1000, 60), (1000, 300)):
        for reviewer in REVIEWERS:
            name = f"{images} images, {pairs} pairs, {reviewer.name}"
            found[name] = table(images, pairs, reviewer, draws=draws, seed=options.seed)
            print_table(name, found[name])
    finish(options, "trust.reviews", found)


if __name__ == "__main__":
    main()
