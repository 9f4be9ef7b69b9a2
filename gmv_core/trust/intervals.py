"""Intervals of sums over generated images to which only a few of them give.

What one training image gets is a sum of few and unequal contributions, most often none or one. A
percentile bootstrap of such a sum is too narrow: where no image drawn gave anything, it is a point.
(benchmarks/trust/intervals.py: it holds 59 to 84 of 100 true values among the largest.) How many
images contribute is Poisson, nearly, so the sum is a weighted sum of Poisson counts, for which Fay
and Feuer (Statistics in Medicine 16, 1997) give the gamma interval below; with equal weights it is
the exact interval of a Poisson mean (Garwood 1936). The share of a small owner is such a sum, too.
"""

from __future__ import annotations

import numpy as np

from gmv_core.measures.bootstrap import CONFIDENCE, share_intervals
from gmv_core.measures.paired import Parts, difference_intervals, share_changes
from gmv_core.types import Float64, Int64

FEW = 10  # below so many contributing images a bootstrap of a share holds less than 90 in 100


def share_bounds(
    generated: Int64, group: Int64, value: Float64, *, groups: int, seed: int = 0
) -> tuple[Float64, Float64]:
    """Return low and high of every group's share of the value, 95 %, (groups,) each.

    generated, group, value: (c,), a row a contribution. A group to which fewer than FEW generated
    images give anything has the gamma interval of `value_bounds`, with all that one image gives it
    as one contribution; the others have that of `share_intervals`. Of a group that gets all of all
    but fewer than FEW images, it is the interval of what the others get.
    """
    low, high = share_intervals(generated, group, value, groups=groups, seed=seed)
    some, made = value > 0, int(generated.max(initial=-1)) + 1
    if not some.any():
        return low, high
    cell, place = np.unique(group[some] * made + generated[some], return_inverse=True)
    given = np.bincount(place, weights=value[some]).astype(np.float64)
    to, of, total = cell // made, cell % made, float(value.sum())
    few = np.bincount(to, minlength=groups) < FEW
    bounds = value_bounds(to, given, groups)
    low[few], high[few] = (np.minimum(bound[few] / total, 1.0) for bound in bounds)
    parted = np.bincount(of, minlength=made)[of] > 1  # images that give to several groups
    whole = np.bincount(to[~parted], minlength=groups)
    for one in np.flatnonzero(~few & (len(np.unique(of)) - whole < FEW)):
        ours = to == one
        rest = np.bincount(of[~ours], weights=given[~ours], minlength=made)
        two = np.repeat([0, 1], [made, ours.sum()])
        bounds = value_bounds(two, np.concatenate([rest, given[ours]]), 2)
        low[one], high[one] = (max(0.0, 1 - bound[0] / total) for bound in bounds[::-1])
    return low, high


def value_bounds(training: Int64, value: Float64, n: int) -> tuple[Float64, Float64]:
    """Return low and high of the value of n training images, 95 %, (n,) each.

    training, value: (c,), a row a contribution. With y = Σw, v = Σw² and the weight w' of one more
    contribution (the largest one seen, or the mean of all where that is larger):
    low = v/y · G(y²/v, 0.025), high = (v + w'²)/(y + w') · G((y + w')²/(v + w'²), 0.975), where
    G(a, p) is the quantile of the gamma distribution of shape a. An image that got nothing has 0
    and 3.7 w': the rule of three. All 0 where nothing was handed out.
    """
    from scipy.special import gammaincinv

    some = value > 0
    training, value = training[some], value[some]
    if not len(value):
        return np.zeros(n), np.zeros(n)
    largest = np.zeros(n)
    np.maximum.at(largest, training, value)
    more = np.maximum(largest, value.mean())
    edges = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
    # In units of the largest: the square of a very small contribution would be 0.
    parts = value / largest[training]
    y, v = (np.bincount(training, weights=parts**power, minlength=n) for power in (1, 2))
    low, got = np.zeros(n), y > 0
    low[got] = largest[got] * v[got] / y[got] * gammaincinv(y[got] ** 2 / v[got], edges[0])
    y, v = largest * y + more, largest**2 * v + more**2
    return low, v / y * gammaincinv(y**2 / v, edges[1])


def difference_bounds(training: Int64, change: Float64, n: int) -> tuple[Float64, Float64]:
    """Return low and high of the summed changes of n training images, 95 %, (n,) each.

    training, change: (c,), what one generated image gives to a training image in the second of two
    runs less what it gives in the first. Rises and falls are two weighted Poisson counts, each with
    the bounds above; those of their difference recover its variance from them (Zou and Donner,
    Statistics in Medicine 27, 2008): with d = rises less falls, low = d − √((rises − their low)² +
    (falls' high − falls)²), and high the other way round.
    """
    sides = np.maximum(change, 0.0), np.maximum(-change, 0.0)
    rises, falls = (np.bincount(training, weights=size, minlength=n) for size in sides)
    rises_bounds, falls_bounds = (value_bounds(training, size, n) for size in sides)
    difference = np.asarray(rises - falls, np.float64)
    below = np.hypot(rises - rises_bounds[0], falls_bounds[1] - falls)
    above = np.hypot(rises_bounds[1] - rises, falls - falls_bounds[0])
    return difference - below, difference + above


def share_difference_bounds(
    first: Parts, second: Parts, *, groups: int, seed: int = 0
) -> tuple[Float64, Float64]:
    """Return low and high of each group's share in the second run less that in the first, 95 %.

    A group to which fewer than FEW generated images of both runs give anything has the interval of
    `difference_bounds`; the others have that of `difference_intervals`.
    """
    low, high = difference_intervals(first, second, groups=groups, seed=seed)
    group, image = (np.concatenate([getattr(p, c) for p in (first, second)])
                    for c in ("group", "image"))  # fmt: skip
    some = np.concatenate([first.value, second.value]) > 0
    giving = np.unique(group[some] * len(first.whole) + image[some]) // len(first.whole)
    few = (np.bincount(giving, minlength=groups) < FEW) & np.isfinite(low)
    bounds = difference_bounds(*share_changes(first, second, groups=groups), groups)
    low[few], high[few] = (np.clip(bound[few], -1, 1) for bound in bounds)
    return low, high
