"""Which pairs of a run a reviewer judges: a stratified sample, in an order that may end anywhere.

The population are all pairs of a generated image and one of its DEPTH first contributors. It is cut
into strata by rank (1, 2–5, 6–10, so that precision at 1, 5 and 10 are each made of whole strata)
and by the standing of the generated image. Ranks get equally many pairs, as precision at 1 needs as
many as the others; within a rank a standing gets pairs by a power of its size (Bankier 1988),
two at least, so that rare standings can be told, too.

Why every beginning of the order is an unbiased sample. Each stratum's pairs are put in random
order, and the first n_h are taken. From which stratum the next pair comes, where the controls stand
and who judges what, is drawn by itself and looks at nothing but the numbers n_h. So the pairs of
stratum h that were judged when someone stops are a simple random sample of its N_h pairs, whatever
their number, and Σ N_h/N · (share of yes in h) is unbiased (measures/stratified.py). The early part
holds a pair of each stratum, for without one there is no such estimate. Two things would break it,
so judging.py forbids them: leaving out a pair and going on, and judging in another order. A third
only a person can keep: whoever stops *because of* the verdicts so far biases any estimate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmv_core.errors import SettingsError, unknown_choice
from gmv_core.results.candidate_lists import block_of, blocks
from gmv_core.results.result import Result
from gmv_core.store.columns import statuses
from gmv_core.trust.duplicates import has_clusters, read_clusters
from gmv_core.types import Float64, Int64
from gmv_core.words import counted

BANDS = ((1, 1), (2, 5), (6, 10))  # ranks, both ends included
DEPTH = BANDS[-1][1]
DEPTHS = tuple(last for _, last in BANDS)  # k of precision@k
BY_RANK, BY_BOTH = "rank", "rank and standing"
STRATA = (BY_BOTH, BY_RANK)
PAIR, RANDOM, COPY = "pair", "random", "copy"  # a pair of the run, or a control
POWER = 0.75  # of a standing's size: 1 leaves rare ones out, 0.5 makes intervals too narrow
LEAST = 2  # pairs of a stratum, where it has them
MOST = 100_000


@dataclass(frozen=True)
class ReviewSettings:
    """The design of a review. pairs: to judge, controls among them. controls: their share.

    strata: one of STRATA. overlap: share of the pairs that every reviewer judges; the others are
    divided among the first `reviewers` who join, and later ones judge the shared ones alone.
    """

    pairs: int = 60
    controls: float = 0.2
    strata: str = BY_BOTH
    overlap: float = 1.0
    reviewers: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.pairs <= MOST:
            raise SettingsError(f"pairs is {self.pairs}; give a number from 1 to {MOST:,}.")
        if not 0 <= self.controls <= 0.5:
            raise SettingsError(f"controls is {self.controls}; give a share from 0 to 0.5.")
        if not 0 <= self.overlap <= 1:
            raise SettingsError(f"overlap is {self.overlap}; give a share from 0 to 1.")
        if self.strata not in STRATA:
            raise unknown_choice("strata", self.strata, list(STRATA))
        if not 1 <= self.reviewers <= 100:
            raise SettingsError(f"reviewers is {self.reviewers}; give a number from 1 to 100.")
        if self.seed < 0:
            raise SettingsError(f"seed is {self.seed}; give 0 or more.")

    def counts(self, of: int) -> tuple[int, int]:
        """Return how many pairs of a run of so many are judged, and how many controls.

        Where the run has fewer than are wanted, controls keep their share.
        """
        controls = round(self.controls * self.pairs)
        pairs = self.pairs - controls
        if pairs <= of:
            return pairs, controls
        return of, round(self.controls * of / (1 - self.controls))


@dataclass(frozen=True)
class Population:
    """All N pairs of a run, (N,) each. stratum: 0…H − 1; band: (H,) of each; sizes: (H,) N_h.

    names: what each stratum is: first rank, last rank, standing ("" for all).
    """

    generated: Int64
    training: Int64
    rank: Int64
    distance: Float64
    standing: np.ndarray
    stratum: Int64
    band: Int64
    sizes: Int64
    names: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class Sample:
    """The places of a review in their order, (n,) each.

    kind: PAIR, RANDOM or COPY. of: row of the population, −1 for a control. seat: of the reviewer
    who judges it, −1 for all. swapped: whether the training image stands on the left.
    """

    kind: np.ndarray
    of: Int64
    seat: Int64
    swapped: np.ndarray


def population(result: Result, strata: str = BY_BOTH) -> Population:
    """Return all pairs of a run's generated images and their first contributors."""
    deep = replace(result, settings=replace(result.settings, k=DEPTH))
    parts = []
    for block in blocks(deep.run, deep.without, deep.basis):
        handed = block.handed_out(deep.settings, deep.basis)
        j, i = np.nonzero(handed.contributors >= 0)
        parts.append(
            (block.rows[j], handed.contributors[j, i], i + 1, block.matches.distance[j, i])
        )
    if not sum(len(part[0]) for part in parts):
        raise SettingsError(
            f"The run {result.run.name!r} has no pair to review: none of its images has a match."
        )
    columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    generated, training, rank, distance = columns
    standing = result.generated_table(("standing",))["standing"].to_numpy()[generated]
    by = standing if strata == BY_BOTH else np.full(len(rank), "", object)
    band = np.searchsorted(DEPTHS, rank)
    kinds, kind = np.unique(by.astype(str), return_inverse=True)
    codes, stratum, sizes = np.unique(
        band * len(kinds) + kind, return_inverse=True, return_counts=True
    )
    names = tuple((*BANDS[code // len(kinds)], str(kinds[code % len(kinds)])) for code in codes)
    return Population(
        generated, training, rank, distance.astype(np.float64), standing,
        stratum.astype(np.int64), codes // len(kinds), sizes, names,
    )  # fmt: skip


def allocate(sizes: Int64, band: Int64, n: int) -> Int64:
    """Return how many of n pairs each of H strata gets, (H,), at most its size.

    Raises SettingsError where n cannot give each LEAST.
    """
    least = np.minimum(LEAST, sizes)
    if least.sum() > n:
        raise SettingsError(
            f"{counted(n, 'pair')} beside the controls {'is' if n == 1 else 'are'} too few for "
            f"{len(sizes)} strata; give {least.sum()} or more beside them"
            + (f", or strata {BY_RANK!r}." if len(sizes) > len(BANDS) else ".")
        )
    parts = sizes**POWER
    wish = parts / np.bincount(band, parts)[band]
    drawn = least.copy()
    while drawn.sum() < min(n, sizes.sum()):  # to the stratum that lacks most of its part
        lacking = np.where(drawn < sizes, wish / (drawn + 1), -1.0)
        drawn[int(np.argmax(lacking))] += 1
    return drawn


def draw(whole: Population, settings: ReviewSettings) -> Sample:
    """Draw the places of a review; the same settings draw the same."""
    rng = np.random.default_rng(settings.seed)
    pairs, controls = settings.counts(len(whole.rank))
    drawn = allocate(whole.sizes, whole.band, pairs)
    counts = np.concatenate([drawn, [controls - controls // 2, controls // 2]])  # random, copies
    group, index = np.repeat(np.arange(len(counts)), counts), _indices(counts)
    seats = settings.reviewers if settings.overlap < 1 else 1
    early = (index < seats) & (group < len(drawn))
    order = np.lexsort(((index + rng.random(len(index))) / counts[group], ~early))
    first = int(early.sum())
    order[:first] = rng.permutation(order[:first])
    of = np.full(len(group), -1, np.int64)
    for stratum, n in enumerate(drawn):
        rows = np.flatnonzero(whole.stratum == stratum)
        of[group == stratum] = rng.choice(rows, n, replace=False)
    kinds = np.array([PAIR] * len(drawn) + [RANDOM, COPY], object)[group]
    swapped = rng.random(len(group)) < 0.5
    return Sample(kinds[order], of[order], _seats(len(group), settings)[order], swapped)


def _indices(counts: Int64) -> Int64:
    """Return 0…c − 1 for each count c, one after the other."""
    return np.concatenate([np.arange(count) for count in counts])


def _seats(n: int, settings: ReviewSettings) -> Int64:
    """Return who judges each of n pairs that stand stratum after stratum: evenly within each."""
    steps = np.floor(np.arange(n + 1) * settings.overlap + 1e-9)
    shared = np.diff(steps) > 0
    seats = np.full(n, -1, np.int64)
    seats[~shared] = np.arange(int((~shared).sum())) % settings.reviewers
    return seats


def strangers(result: Result, count: int, seed: int) -> list[tuple[int, int]]:
    """Draw pairs of a generated image and a training image that is no candidate of it.

    Nor a near copy of one, as far as these are known. Where all training images are candidates, one
    that is no contributor, else the farthest. Never the image itself, where a set is held against
    itself.
    """
    rng = np.random.default_rng([seed, 1])
    made, known = (np.flatnonzero(statuses(s)) for s in (result.generated, result.training))
    found, alone = [], result.generated.folder == result.training.folder
    of = np.arange(len(result.training.images))
    if has_clusters(result.training):
        of = read_clusters(result.training).of
    for row in rng.choice(made, count):
        listed = block_of(result.run, int(row), result.without).matches.candidates[0]
        listed = listed[listed >= 0]
        others = known[~np.isin(of[known], of[listed])]
        if not len(others):
            others = known[~np.isin(of[known], of[listed[:DEPTH]])]
        if alone:
            others = others[others != row]
        found.append((int(row), int(rng.choice(others if len(others) else listed[-1:]))))
    return found


def known_rows(result: Result, count: int, seed: int) -> list[int]:
    """Draw training images that are shown beside themselves."""
    rng = np.random.default_rng([seed, 2])
    return [int(row) for row in rng.choice(np.flatnonzero(statuses(result.training)), count)]
