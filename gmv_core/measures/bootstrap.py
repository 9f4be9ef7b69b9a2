"""Percentile bootstrap intervals (Efron 1979) of means and of groups' shares.

By counts of how often each row was drawn, a matrix product: `scipy.stats.bootstrap` draws the same
rows and gathers them, in two to seven times the time (1.3 s against 0.7 s for 10,000 × 12 values).
"""

from __future__ import annotations

import numpy as np

from gmv_core.types import Float64, Int64

CONFIDENCE = 0.95
RESAMPLES = 200  # of groups' shares
MEAN_RESAMPLES = 1000  # of means, which cost less
_CHUNK = 4096  # groups counted at once, which bounds the memory at any number of owners
_DRAWN_AT_ONCE = 4_000_000  # bounds the memory of the resampling to some tens of MB


def mean_interval(
    values: Float64, *, seed: int = 0, resamples: int = MEAN_RESAMPLES
) -> tuple[Float64, Float64, Float64]:
    """Return mean, low and high of each column of (m, d) values, m ≥ 1; all (d,).

    One row is its own interval. The order of the rows changes nothing, nor do the other columns:
    each is sorted before it is drawn from.
    """
    m = len(values)
    values = np.sort(values, axis=0)
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, values.shape[1]))
    step = max(1, _DRAWN_AT_ONCE // m)
    for first in range(0, resamples, step):
        some = min(step, resamples - first)
        drawn = rng.integers(0, m, (some, m)) + m * np.arange(some)[:, None]
        times = np.bincount(drawn.ravel(), minlength=some * m).reshape(some, m)
        means[first : first + some] = times @ values / m
    low, high = np.quantile(means, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2), axis=0)
    return values.mean(axis=0), low, high


def share_intervals(
    generated: Int64,
    group: Int64,
    value: Float64,
    *,
    groups: int,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Float64, Float64]:
    """Return low and high of every group's share of the value, (groups,) each.

    generated, group, value: (c,), a row a contribution. The generated images that have any are
    drawn anew with replacement, and all that one hands out is drawn together.
    """
    return resampled_intervals(generated, group, value, groups, resamples, seed, of_total=True)


def resampled_intervals(
    generated: Int64,
    group: Int64,
    value: Float64,
    groups: int,
    resamples: int,
    seed: int,
    *,
    of_total: bool,
) -> tuple[Float64, Float64]:
    """Return low and high of what every group gets, (groups,) each, drawn as for `share_intervals`.

    of_total: as a share of all that is handed out, else the amount itself.
    """
    images, image = np.unique(generated, return_inverse=True)
    m = len(images)
    rng = np.random.default_rng(seed)
    drawn = np.stack([np.bincount(rng.integers(0, m, m), minlength=m) for _ in range(resamples)])
    total = drawn @ np.bincount(image, weights=value, minlength=m)  # (resamples,)
    order = np.argsort(group, kind="stable")
    image, group, value = image[order], group[order], value[order]
    edges = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
    low, high = np.zeros(groups), np.zeros(groups)
    for first in range(0, groups, _CHUNK):
        some = min(_CHUNK, groups - first)
        a, b = np.searchsorted(group, [first, first + some])
        sums = np.stack(
            [
                np.bincount(group[a:b] - first, row[image[a:b]] * value[a:b], minlength=some)
                for row in drawn
            ]
        )  # (resamples, some)
        if of_total:
            there = total[:, None] > 0
            sums = np.divide(sums, total[:, None], out=np.zeros(sums.shape), where=there)
        low[first : first + some], high[first : first + some] = np.quantile(sums, edges, axis=0)
    return low, high
