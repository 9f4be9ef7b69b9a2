"""Shares from a stratified sample of a finite number of things, with intervals.

Of stratum h with N_h things, n_h were drawn at random without replacement, and y_h of these are
"yes". Horvitz and Thompson (1952): the share of all is Σ N_h/N · y_h/n_h, without bias for any
numbers n_h ≥ 1 that do not depend on what was found. Its variance,
V = Σ (N_h/N)² (1 − n_h/N_h) p_h (1 − p_h)/n_h, is turned into an effective number of things drawn,
p (1 − p)/V, for which Wilson's interval (1927) is given (Korn and Graubard 1998 do so with another
interval). The p_h in V are drawn to the whole by one thing more, (y_h + p)/(n_h + 1), for a small
stratum in which all say the same does not have no variance; and as V is itself told by few things,
z is the quantile of Student's t with Satterthwaite's (1946) degrees of freedom,
V² / Σ V_h²/(n_h − 1). (benchmarks/trust/reviews.py: without the latter, 82 to 96 % held.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.measures.bootstrap import CONFIDENCE
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
    variances = part**2 * unseen * near * (1 - near) / drawn
    spread = share * (1 - share)
    if spread <= 0 or not variances.any():  # all alike, as if the strata were: p (1 − p) cancels
        spread, variances = 1.0, part**2 * unseen / drawn
    total = float(variances.sum())
    if total <= 0:  # everything was drawn
        return Share(share, share, share, count)
    freedom = total**2 / float((variances**2 / np.maximum(drawn - 1, 1)).sum())
    return Share(share, *wilson(share, spread / total, freedom=freedom), count)


def weighted_share(yes: Float64, weights: Float64) -> Share:
    """Return the share of "yes" in a part that the strata do not follow, such as an owner's.

    yes: (n,) 0…1. weights: (n,) of each thing drawn, N_h/n_h. Hájek (1971): Σwy/Σw, nearly without
    bias; Wilson's interval for (Σw)²/Σw² things (Kish 1965), with n − 1 degrees of freedom.
    """
    if not len(yes):
        return Share(np.nan, np.nan, np.nan, 0)
    share = float(weights @ yes / weights.sum())
    count = float(weights.sum() ** 2 / (weights**2).sum())
    return Share(share, *wilson(share, count, freedom=max(len(yes) - 1, 1)), len(yes))


def wilson(share: float, count: float, *, freedom: float = np.inf) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share seen in `count` things.

    freedom: of Student's t, inf where the variance is known.
    """
    from scipy.special import stdtrit

    z = _Z if np.isinf(freedom) else float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + (z / count) ** 2 / 4)
    low, high = float(middle - half), float(middle + half)
    return max(0.0, min(low, share)), min(1.0, max(high, share))  # digits: at 0 and 1 an end is it
