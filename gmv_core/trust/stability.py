"""Does the first contributor survive another distance or embedder, and its share another k and τ?

A generated image's contributors are an answer to a question that has several good forms. Where all
forms give the same first contributor, the answer does not hang on the choice; where each gives
another one, it does. Nothing here says which of them is right. k and τ leave the order of the
contributors as it is and change how much credit the first one gets: that is told as a range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from gmv_core.method.value import contributor_weights
from gmv_core.settings import ValueSettings
from gmv_core.types import Float32, Float64, Int64
from gmv_core.words import share_text

TEN = 10
FACTOR = 2  # k and τ from a half to twice the run's own; τ "auto", too


@dataclass(frozen=True)
class Stability:
    """How far readings agree on m generated images; readings[0] is the run's own.

    same_first: (m,) in how many of the readings the run's first contributor is first, 1 at least.
    overlap: (m,) mean share of the run's ten that another reading has among its ten.
    value: (m,) in [0, 1], the mean of the share of other readings with the same first contributor,
    and of the overlap; nan for an image without a contributor.
    """

    readings: tuple[str, ...]
    same_first: Int64
    overlap: Float64
    value: Float64


def stability(lists: Mapping[str, Int64]) -> Stability:
    """Compare the contributors that several readings find of m generated images.

    lists: by the name of a reading, the run's own first, (m, k) training rows, nearest first, −1
    for none; at least two of them.
    """
    names = tuple(lists)
    own, *others = (found[:, :TEN] for found in lists.values())
    there = own[:, 0] >= 0
    same = np.stack([other[:, 0] == own[:, 0] for other in others])
    shared = np.stack([_shared(own, other) for other in others])
    overlap = np.where(there, shared.mean(axis=0), np.nan)
    first = np.where(there, same.mean(axis=0), np.nan)
    return Stability(names, 1 + same.sum(axis=0), overlap, (first + overlap) / 2)


def _shared(own: Int64, other: Int64) -> Float64:
    """Return the share of each row's own contributors that are among the other's, (m,)."""
    also = (own[:, :, None] == other[:, None, :]) & (own >= 0)[:, :, None]
    count = (own >= 0).sum(axis=1)
    found: Float64 = also.any(axis=2).sum(axis=1) / np.maximum(count, 1)
    return found


def first_shares(distances: Float32, settings: ValueSettings) -> tuple[Float64, Float64]:
    """Return the least and the largest share of credit of the first contributor, (m,) each.

    Under k and τ from a half to twice the settings' (τ = 1 where these have "auto"), and τ "auto";
    nan for an image without a contributor. distances: (m, R), rising, inf for none.
    """
    tau = 1.0 if isinstance(settings.temperature, str) else settings.temperature
    ks = (max(1, settings.k // FACTOR), settings.k, FACTOR * settings.k)
    taus: tuple[float | str, ...] = (tau / FACTOR, tau, FACTOR * tau, "auto")
    shares = np.stack(
        [contributor_weights(distances[:, :k], t)[:, 0] for k, t in product(ks, taus)]
    )
    shares = np.where(np.isfinite(distances[:, 0]), shares, np.nan)
    return shares.min(axis=0), shares.max(axis=0)


def words(same_first: int, readings: int) -> str:
    """Say how many readings have the same first contributor."""
    return f"first contributor under {same_first:,} of {readings:,} ways"


def share_words(low: float, high: float) -> str:
    """Say what share of the credit the first contributor gets under other k and τ."""
    return f"it gets {share_text(low)} to {share_text(high)} of the credit under other k and τ"
