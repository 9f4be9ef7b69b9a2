"""Does the first contributor survive another distance, another k, another temperature?

A generated image's contributors are an answer to a question that has several good forms. Where all
forms give the same first contributor, the answer does not hang on the choice; where each gives
another one, it does. Nothing here says which of them is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float64, Int64

TEN = 10


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


def words(same_first: int, readings: int) -> str:
    """Say how many readings have the same first contributor."""
    return f"first contributor under {same_first:,} of {readings:,} readings"
