"""By how much two runs differ: intervals of differences of ratios, and of a rank correlation.

Both from the generated images, as if the models had made others of the same kind. An image that
both runs valued counts as often in one as in the other, so what it has of its own cancels out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gmv_core.measures.bootstrap import CONFIDENCE, RESAMPLES
from gmv_core.types import Float64, Int64

FOLDS = 20
ROUNDING = 1e-12  # of a share
FEWEST_IMAGES = 5  # from fewer no interval of a correlation
# Two bounds of the memory, at any number of owners and of generated images: some tens of MB each.
_CHUNK = 4096  # groups counted at once; the images are drawn again for each such part
_DRAWN_AT_ONCE = 4_000_000  # counts of drawings


@dataclass(frozen=True)
class Parts:
    """What the images of one run give to groups.

    image, group, value: (c,), a row a contribution. whole: (m,), what each image counts in the
    whole that a share is of, 0 for an image that the run has not. The images of both runs are
    numbered together, the same image alike.
    """

    image: Int64
    group: Int64
    value: Float64
    whole: Float64

    def shares(self, groups: int) -> Float64:
        """Return what each group has of the whole, (groups,), 0 where the whole is 0."""
        whole = float(self.whole.sum())
        sums = np.bincount(self.group, weights=self.value, minlength=groups)
        return sums / whole if whole > 0 else np.zeros(groups)

    def below(self, groups: int) -> Parts:
        """Return what goes to the first so many groups; the whole stays as it is."""
        some = self.group < groups
        return replace(self, image=self.image[some], group=self.group[some], value=self.value[some])


def share_changes(first: Parts, second: Parts, *, groups: int) -> tuple[Int64, Float64]:
    """Return what each image changes of each group's share: group and change, (c,) each.

    A row an image and group: what it gives there in the second run, as a part of that run's whole,
    less the same of the first. An image of both runs has one row, so what it gives in both cancels
    out. Their sums are the differences of the shares.
    """
    sides = []
    for parts, sign in ((first, -1), (second, 1)):
        whole = float(parts.whole.sum())
        sides.append(sign * parts.value / (whole if whole > 0 else 1.0))
    at = [parts.image * groups + parts.group for parts in (first, second)]
    places, place = np.unique(np.concatenate(at), return_inverse=True)
    change = np.bincount(place, weights=np.concatenate(sides), minlength=len(places))
    group: Int64 = places % groups
    # What is left of the same numbers added in another order is no change.
    return group, np.where(np.abs(change) > ROUNDING, change, 0.0)


def difference_intervals(
    first: Parts, second: Parts, *, groups: int, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Float64, Float64]:
    """Return low and high of each group's share in the second run less that in the first, 95 %.

    A Poisson bootstrap: each image is drawn Poisson(1) times, and as often in both runs (Hanley
    and MacGibbon, Computer Methods and Programs in Biomedicine 83, 2006); with counts of a fixed
    sum, images that only one run has could not be drawn beside those of both. Drawings in which
    either whole is 0 are left out. All nan where no whole is there.
    """
    from scipy.sparse import csr_array

    m = len(first.whole)
    low, high = np.full(groups, np.nan), np.full(groups, np.nan)
    wholes = _drawn([part.whole[None] for part in (first, second)], resamples, seed)
    there = (wholes[0][0] > 0) & (wholes[1][0] > 0)
    if not there.any():
        return low, high
    gets = [csr_array((p.value, (p.group, p.image)), shape=(groups, m)) for p in (first, second)]
    edges = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
    for at in range(0, groups, _CHUNK):
        rows = slice(at, at + _CHUNK)
        drawn = _drawn([get[rows].tocsc() for get in gets], resamples, seed)
        before, after = (
            sums[:, there] / whole[0, there] for sums, whole in zip(drawn, wholes, strict=True)
        )
        low[rows], high[rows] = np.quantile(after - before, edges, axis=1)
    return low, high


def _drawn(gets: Sequence[Any], resamples: int, seed: int) -> list[Float64]:
    """Return what groups get in each drawing, (some, resamples), of each matrix (some, m)."""
    m, rng = gets[0].shape[1], np.random.default_rng(seed)
    sums = [np.zeros((get.shape[0], resamples)) for get in gets]
    step = max(1, _DRAWN_AT_ONCE // resamples)
    for first in range(0, m, step):
        images = slice(first, min(first + step, m))
        times = rng.poisson(1.0, (images.stop - first, resamples)).astype(np.float64)
        for held, get in zip(sums, gets, strict=True):
            held += get[:, images] @ times
    return sums


def rank_correlation(
    first: Parts, second: Parts, *, groups: int, folds: int = FOLDS, seed: int = 0
) -> tuple[float, float, float]:
    """Return Spearman's correlation of the groups' sums in two runs, low and high, 95 %.

    Of all groups, those that get nothing in a run share the last rank: of those alone that get
    something in either, unrelated runs would have a negative correlation. nan where the groups are
    fewer than three, or all alike in a run.
    The interval: a delete-a-group jackknife over the images (Shao and Tu, The Jackknife and
    Bootstrap, 1995, chapter 2), on Fisher's scale with Student's t. A bootstrap's correlations lie
    below the one seen, since each drawing leaves out a third of the images. nan where the images
    are fewer than FEWEST_IMAGES.
    """
    from scipy.stats import t as student

    images = np.flatnonzero((first.whole > 0) | (second.whole > 0))
    folds = max(1, min(folds, len(images)))
    fold = np.zeros(len(first.whole), np.int64)
    fold[images] = np.random.default_rng(seed).permutation(len(images)) % folds
    # Of the groups only those that get anything are held: they are few among a million.
    some, group = np.unique(np.concatenate([first.group, second.group]), return_inverse=True)
    which = group[: len(first.group)], group[len(first.group) :]
    a, b = (
        np.bincount(of * folds + fold[p.image], weights=p.value, minlength=len(some) * folds)
        .reshape(len(some), folds) for of, p in zip(which, (first, second), strict=True)
    )  # fmt: skip
    others = groups - len(some)
    seen = _spearman(a.sum(axis=1), b.sum(axis=1), others)
    if np.isnan(seen) or len(images) < FEWEST_IMAGES:
        return seen, float("nan"), float("nan")
    whole = a.sum(axis=1), b.sum(axis=1)
    left = [_spearman(whole[0] - a[:, f], whole[1] - b[:, f], others) for f in range(folds)]
    spread = _fisher(np.array([r for r in left if not np.isnan(r)]))
    error = np.sqrt((folds - 1) / folds * ((spread - spread.mean()) ** 2).sum())
    reach = student.ppf((1 + CONFIDENCE) / 2, max(len(spread) - 1, 1)) * error
    middle = _fisher(np.array(seen))
    return seen, float(np.tanh(middle - reach)), float(np.tanh(middle + reach))


def _spearman(a: Float64, b: Float64, zeros: int) -> float:
    """Return Spearman's correlation of sums ≥ 0, and of so many more that are 0 in both.

    nan of fewer than three in all, or where one side is all alike.
    """
    n = len(a) + zeros
    if n < 3:
        return float("nan")
    (ranks_a, zero_a), (ranks_b, zero_b) = (_ranks(x, zeros) for x in (a, b))
    together = ranks_a @ ranks_b + zeros * zero_a * zero_b
    alone = (ranks_a @ ranks_a + zeros * zero_a**2) * (ranks_b @ ranks_b + zeros * zero_b**2)
    return float(np.clip(together / np.sqrt(alone), -1, 1)) if alone > 0 else float("nan")


def _ranks(sums: Float64, zeros: int) -> tuple[Float64, float]:
    """Return the ranks of sums less their mean, and that of each of so many more zeros."""
    from scipy.stats import rankdata

    # Sums of the same numbers in another order differ in their last bits, and tie all the same;
    # what is left of a sum without all its parts is 0.
    most = sums.max(initial=0)
    ranks = rankdata(np.round(sums / most, 12)) if most > 0 else np.zeros(len(sums))
    none = np.round(sums / most, 12) == 0 if most > 0 else np.ones(len(sums), bool)
    last = (zeros + int(none.sum()) + 1) / 2
    middle = (len(sums) + zeros + 1) / 2
    return np.where(none, last, ranks + zeros) - middle, last - middle


def _fisher(r: Float64) -> Float64:
    return np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
