"""Is a generated image closer to the training set, or farther from it, than unseen real images are?

Both questions are tests against a *null*: real images that went through the same matching. Copies
are looked for by the ratio d₁ / mean(d₂ … d_r) of rising distances, which has no unit, and which
Carlini et al. (USENIX Security 2023) use with a constant for threshold; here the null is it. It is
taken of the run's own distance, of the embeddings and of plain pixels, which see different copies:
the score is the least of the three ratios, each to a power of POWERS. The pixels are those of the
nearest of all training images: a copy with noise on it has other neighbours in every network. An
image without a source is far in the embeddings: the score is the distance to the nearest one.
(benchmarks/trust/calibration.py measures r, the powers and both scores.) Conformal p-values (Vovk
et al. 2005) are p = (1 + #{null images at least as extreme}) / (n + 1), valid at any n where unseen
generated and null images are exchangeable. Over the m generated images the false discovery rate is
held at LEVEL:

- With held-out null images by Benjamini and Hochberg (1995). The p-values share one null, so they
  depend on each other, but positively (PRDS): Bates et al., Annals of Statistics 2023, theorem 2.
- With training images left out one by one by Benjamini and Yekutieli (2001), which holds under any
  dependence: each left-out image still stands in the set that the others are measured against, and
  nobody has shown that such p-values are PRDS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from math import ceil

import numpy as np

from gmv_core.matching.closest import CLOSEST
from gmv_core.types import Float32, Float64, Int64

NEIGHBOURS = CLOSEST  # distances of each image that are kept; all of them are exact
RATIO = 5  # r
# Of the lists of `Nearest`. They bring the lower ends of the ratios' nulls together, the distance
# being squared.
POWERS = (1, 1.5, 1.2, 1)
LEVEL = 0.1  # share of false discoveries among those found
ALONE = 0.01  # for an image that is judged by itself: one in a hundred unseen ones is so close

NEAR_COPY, ORDINARY, FAR = "near copy", "ordinary", "no convincing source"
STANDINGS = (NEAR_COPY, ORDINARY, FAR)
HELD_OUT, LEFT_OUT = "held out", "left out"  # where the null images come from


@dataclass(frozen=True)
class Nearest:
    """Distances of m images to their nearest training images, (m, D) rising, inf for none.

    distance: the run's own. embedding: between embeddings. in_pixels: those nearest of all in
    pixels; pixels: the first candidates'; see matching/closest.py. Both have no columns where an
    earlier version measured them not. Each in an order of its own, without near copies of a nearer
    one.
    """

    distance: Float32
    embedding: Float32
    in_pixels: Float32
    pixels: Float32

    def like(self, other: Nearest) -> Nearest:
        """Return these distances without the lists that the other has not."""
        has = [name for name in ("in_pixels", "pixels") if not getattr(other, name).shape[1]]
        return replace(self, **{name: getattr(self, name)[:, :0] for name in has})


def together(parts: Sequence[Nearest]) -> Nearest:
    """Return the distances of the images of all parts."""
    return Nearest(*(np.concatenate([getattr(part, f.name) for part in parts])
                     for f in fields(Nearest)))  # fmt: skip


@dataclass(frozen=True)
class Null:
    """Real images that went through the matching. kind: HELD_OUT, or LEFT_OUT of the training set.

    Neither has its own near copies among its nearest: an image with a copy there is not unseen.
    """

    nearest: Nearest
    kind: str

    def __len__(self) -> int:
        return len(self.nearest.distance)


@dataclass(frozen=True)
class Standings:
    """What the null says of m generated images, each array (m,), in their order.

    standing: one of STANDINGS, "" for an image without a match. p_copy, p_far: p-values.
    nearer_than: share of null images whose nearest training embedding is farther. All nan for "".
    closest_by: which list of `Nearest` tells most of a copy, its place there; −1 for none.
    """

    standing: np.ndarray
    p_copy: Float64
    p_far: Float64
    nearer_than: Float64
    closest_by: Int64


def no_standings(m: int) -> Standings:
    """Return what is said of m images that were held against nothing."""
    none = np.full(m, np.nan)
    return Standings(np.full(m, "", object), none, none, none, np.full(m, -1))


def ratios(distances: Float32) -> Float64:
    """Return d₁ / mean(d₂ … d_r) of rows of rising distances, (m,); nan where there are not two.

    distances: (m, D), inf for none; r is RATIO, or as many as there are. All zero: 1.
    """
    if not distances.shape[1]:
        return np.full(len(distances), np.nan)
    d = np.asarray(distances[:, :RATIO], np.float64)
    there = np.isfinite(d[:, 1:])
    count = there.sum(axis=1)
    others = np.where(there, d[:, 1:], 0).sum(axis=1) / np.maximum(count, 1)
    found = np.divide(d[:, 0], others, out=np.ones(len(d)), where=others > 0)
    return np.where(count > 0, found, np.nan)


def copy_scores(nearest: Nearest) -> Float64:
    """Return how much closer the nearest training image is than the next ones, (m,), small: more.

    nan where an image has not two.
    """
    scores: Float64 = np.fmin.reduce(_copy_scores_by_list(nearest))
    return scores


def _copy_scores_by_list(nearest: Nearest) -> Float64:
    """Return them of each list, (4, m), nan where an image has not two there."""
    lists = [nearest.distance, nearest.embedding, nearest.in_pixels, nearest.pixels]
    if nearest.in_pixels.shape[1]:
        lists[3] = lists[3][:, :0]
    return np.stack([ratios(rising) ** power for rising, power in zip(lists, POWERS, strict=True)])


def far_scores(nearest: Nearest) -> Float64:
    """Return the distance to the nearest training embedding, (m,), nan for none."""
    first = np.asarray(nearest.embedding[:, 0], np.float64)
    return np.where(np.isfinite(first), first, np.nan)


def p_values(null: Float64, seen: Float64, *, smaller: bool) -> Float64:
    """Return conformal p-values of seen scores, (m,), nan where a score is.

    null: (n,) scores, nan for none. smaller: whether the small ones are extreme, else the large.
    """
    null = np.sort(null[np.isfinite(null)])
    if smaller:
        extreme = np.searchsorted(null, seen, side="right")
    else:
        extreme = len(null) - np.searchsorted(null, seen, side="left")
    return np.where(np.isfinite(seen), (1 + extreme) / (len(null) + 1), np.nan)


def standings_of(nearest: Nearest, null: Null, *, alone: bool = False) -> Standings:
    """Hold m generated images against the null.

    alone: each image by itself at the level ALONE, for a few that were dropped in just now; else
    all together at LEVEL.
    """
    both = nearest.like(null.nearest), null.nearest.like(nearest)  # by the same lists
    far, of_null = far_scores(both[0]), far_scores(both[1])
    by_list = _copy_scores_by_list(both[0])
    p_copy = p_values(copy_scores(both[1]), np.fmin.reduce(by_list), smaller=True)
    p_far = p_values(of_null, far, smaller=False)
    standing = np.full(len(far), ORDINARY, object)
    standing[_found(p_far, null.kind, alone=alone)] = FAR
    # A copy with noise on it is far in the embeddings: its pixels tell more.
    standing[_found(p_copy, null.kind, alone=alone)] = NEAR_COPY
    standing[np.isnan(far)] = ""
    of_null = np.sort(of_null[np.isfinite(of_null)])
    farther = len(of_null) - np.searchsorted(of_null, far, side="right")
    nearer = np.where(np.isnan(far), np.nan, farther / max(len(of_null), 1))
    told = np.isfinite(by_list).any(axis=0)
    closest_by = np.where(told, np.nan_to_num(by_list, nan=np.inf).argmin(axis=0), -1)
    return Standings(standing, p_copy, p_far, nearer, closest_by)


def copied_rows(standings: Standings, first: Int64) -> Int64:
    """Return the training row that each near copy is closest to, (m,), −1 for any other image.

    first: (m, 4), the first row of each list of `Nearest`.
    """
    closest = np.take_along_axis(first, np.maximum(standings.closest_by, 0)[:, None], axis=1)[:, 0]
    return np.where(standings.standing == NEAR_COPY, closest, -1)


def _found(p: Float64, kind: str, *, alone: bool) -> np.ndarray:
    """Return which of (m,) p-values are discoveries; nan never is.

    By the step-up rule of Benjamini and Hochberg (1995), or of Benjamini and Yekutieli (2001). As
    scipy.stats has it, whose import takes longer than all else that `gmv show` does.
    """
    found = np.zeros(len(p), bool)
    tested = np.isfinite(p)
    if not tested.any():
        return found
    if alone:
        return np.nan_to_num(p, nan=1.0) <= ALONE
    rising = np.sort(p[tested])
    m = len(rising)
    passed = np.flatnonzero(rising * (m / np.arange(1, m + 1)) * _price(m, kind) <= LEVEL)
    found[tested] = p[tested] <= (rising[passed[-1]] if len(passed) else -1.0)
    return found


def _price(m: int, kind: str) -> float:
    """Return 1 (Benjamini–Hochberg), or what any dependence costs: Σ 1/i (Benjamini–Yekutieli)."""
    return 1.0 if kind == HELD_OUT else float(np.sum(1 / np.arange(1, m + 1)))


def least_found(m: int, n: int, kind: str) -> int:
    """Return how many of m generated images must stand out together before any is found.

    The smallest p-value of n null images is 1 / (n + 1), so r discoveries need
    r ≥ m·c / (LEVEL·(n + 1)), with c of `_price`.
    """
    return max(1, ceil(m * _price(m, kind) / (LEVEL * (n + 1)) - 1e-9))
