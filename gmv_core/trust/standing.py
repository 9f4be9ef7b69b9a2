"""Is a generated image closer to the training set, or farther from it, than unseen real images are?

Both questions are tests against a *null*: real images that went through the same matching. Copies
are looked for by the ratio d₁ / mean(d₂ … d_r) of rising distances, which has no unit, and which
Carlini et al. (USENIX Security 2023) use with a constant for threshold; here the null is it. It is
taken of the run's own distance, of the embeddings and of plain pixels, which see different copies:
the score is min(ratio, ratio of the embeddings to the power of POWER, ratio of the pixels). An
image without a source is far in the embeddings: the score is the distance to the nearest one.
(benchmarks/trust/calibration.py measures r, the power and both scores.) Conformal p-values (Vovk et
al. 2005) are p = (1 + #{null images at least as extreme}) / (n + 1), valid at any n where unseen
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
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from gmv_core.matching.closest import CLOSEST
from gmv_core.types import Float32, Float64

NEIGHBOURS = CLOSEST  # distances of each image that are kept; all of them are exact
RATIO = 5  # r
POWER = 1.5  # brings the lower ends of the two ratios' nulls together, the distance being squared
LEVEL = 0.1  # share of false discoveries among those found
ALONE = 0.01  # for an image that is judged by itself: one in a hundred unseen ones is so close

NEAR_COPY, ORDINARY, FAR = "near copy", "ordinary", "no convincing source"
STANDINGS = (NEAR_COPY, ORDINARY, FAR)
HELD_OUT, LEFT_OUT = "held out", "left out"  # where the null images come from


@dataclass(frozen=True)
class Nearest:
    """Distances of m images to their nearest training images, (m, D) rising, inf for none.

    distance: the run's own. embedding: between embeddings. pixels: see matching/closest.py; none of
    an earlier version. Each in an order of its own, without near copies of a nearer one.
    """

    distance: Float32
    embedding: Float32
    pixels: Float32


def together(parts: Sequence[Nearest]) -> Nearest:
    """Return the distances of the images of all parts."""
    return Nearest(
        np.concatenate([part.distance for part in parts]),
        np.concatenate([part.embedding for part in parts]),
        np.concatenate([part.pixels for part in parts]),
    )


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
    """

    standing: np.ndarray
    p_copy: Float64
    p_far: Float64
    nearer_than: Float64


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
    lists = (nearest.distance, nearest.embedding, nearest.pixels)
    scores: Float64 = np.fmin.reduce(
        [ratios(rising) ** power for rising, power in zip(lists, (1, POWER, 1), strict=True)]
    )
    return scores


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
    if not null.nearest.pixels.shape[1]:  # of an earlier version: both by the same two lists
        nearest = replace(nearest, pixels=nearest.pixels[:, :0])
    far, of_null = far_scores(nearest), far_scores(null.nearest)
    p_copy = p_values(copy_scores(null.nearest), copy_scores(nearest), smaller=True)
    p_far = p_values(of_null, far, smaller=False)
    standing = np.full(len(far), ORDINARY, object)
    standing[_found(p_far, null.kind, alone=alone)] = FAR
    # A copy with noise on it is far in the embeddings: its pixels tell more.
    standing[_found(p_copy, null.kind, alone=alone)] = NEAR_COPY
    standing[np.isnan(far)] = ""
    of_null = np.sort(of_null[np.isfinite(of_null)])
    farther = len(of_null) - np.searchsorted(of_null, far, side="right")
    nearer = np.where(np.isnan(far), np.nan, farther / max(len(of_null), 1))
    return Standings(standing, p_copy, p_far, nearer)


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
