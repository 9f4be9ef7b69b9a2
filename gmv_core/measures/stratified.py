"""Shares from a stratified sample of a finite number of things, with intervals.

Of stratum h with N_h things, n_h were drawn at random without replacement, and y_h of these are
"yes". Horvitz and Thompson (1952): the share of all is Σ N_h/N · y_h/n_h, without bias for any
numbers n_h ≥ 1 that do not depend on what was found. Its variance,
V = Σ (N_h/N)² (1 − n_h/N_h) p_h (1 − p_h)/n_h, is turned into an effective number of things drawn,
p (1 − p)/V, for which Wilson's interval (1927) is given (Korn and Graubard 1998 do so with another
interval). The p_h in V are drawn to the whole by one thing more, (y_h + p)/(n_h + 1), for a small
stratum in which all say the same does not have no variance. (benchmarks/trust/reviews.py)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float64, Int64

_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval, all nan where nothing can be said. count: what was drawn."""

    share: float
    low: float
    high: float
    count: int


def stratified_share(sizes: Int64, drawn: Int64, yes: Float64) -> Share:
    """Return the share of "yes" over all strata.

    sizes: (H,) N_h, all above 0. drawn: (H,) n_h. yes: (H,) y_h, not whole where a thing was judged
    by several. nan where a stratum has nothing drawn: no estimate without bias is possible then.
    """
    count = int(drawn.sum())
    if not len(sizes) or not (drawn > 0).all():
        return Share(np.nan, np.nan, np.nan, count)
    part, unseen = sizes / sizes.sum(), 1 - drawn / sizes
    share = float(part @ (yes / drawn))
    near = (yes + share) / (drawn + 1)
    variance = float((part**2 * unseen * near * (1 - near) / drawn).sum())
    spread = share * (1 - share)
    if spread <= 0 or variance <= 0:  # all alike, as if the strata were: p (1 − p) cancels out
        spread, variance = 1.0, float((part**2 * unseen / drawn).sum())
    return Share(share, *wilson(share, np.inf if variance <= 0 else spread / variance), count)


def weighted_share(yes: Float64, weights: Float64) -> Share:
    """Return the share of "yes" in a part that the strata do not follow, such as an owner's.

    yes: (n,) 0…1. weights: (n,) of each thing drawn, N_h/n_h. Hájek (1971): Σwy/Σw, nearly without
    bias; Wilson's interval for (Σw)²/Σw² things (Kish 1965), which is too wide rather than too
    narrow where the strata tell the answers apart.
    """
    if not len(yes):
        return Share(np.nan, np.nan, np.nan, 0)
    share = float(weights @ yes / weights.sum())
    return Share(share, *wilson(share, float(weights.sum() ** 2 / (weights**2).sum())), len(yes))


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share seen in `count` things; a point for inf."""
    if np.isinf(count):
        return share, share
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * np.sqrt(share * (1 - share) / count + (_Z / count) ** 2 / 4)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
