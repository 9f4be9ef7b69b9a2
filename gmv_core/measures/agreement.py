"""Agreement: how many contributors of a generated image share its class or an attribute (C1, C2).

GMValuator's first two criteria (arXiv 2304.10701). Pure functions on arrays;
nothing here needs a model or a workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float64, Int64

NO_VALUE, UNKNOWN_VALUE = -1, -2


@dataclass(frozen=True)
class Coded:
    """Values of training and generated images as numbers of `values`, which a training image has.

    training: (n,), NO_VALUE for "". generated: (m,), NO_VALUE for "", UNKNOWN_VALUE for one that no
    training image has.
    """

    values: tuple[str, ...]
    training: Int64
    generated: Int64


def coded(training: Sequence[str], generated: Sequence[str]) -> Coded:
    """Number the values of n training and m generated images; "" is no value."""
    values = sorted(set(training) - {""})
    numbers = {"": NO_VALUE, **{value: i for i, value in enumerate(values)}}
    return Coded(
        tuple(values),
        np.array([numbers[v] for v in training], np.int64),
        np.array([numbers.get(v, UNKNOWN_VALUE) for v in generated], np.int64),
    )


def depths_within(depths: Sequence[int], candidates: int) -> tuple[int, ...]:
    """Return the depths k that lists of so many candidates can answer."""
    return tuple(k for k in depths if k <= candidates)


def shares(candidates: Int64, codes: Coded, depths: Sequence[int]) -> Float64:
    """Return the share of each image's first k contributors that have its value, (m, depths).

    candidates: (m, R) training rows in the order to be judged, −1 (at the end) for none.
    nan where a generated image has no value that a training image has, or no contributor. A list
    shorter than k is judged by those that it has.
    """
    there = candidates >= 0
    same = there & (codes.training[candidates] == codes.generated[:, None])
    last = np.array(depths, np.int64) - 1
    found = np.cumsum(same, axis=1)[:, last].astype(np.float64)
    of = np.cumsum(there, axis=1)[:, last].astype(np.float64)
    of[codes.generated < 0] = 0
    part: Float64 = np.divide(found, of, out=np.full(of.shape, np.nan), where=of > 0)
    return part


def by_chance(codes: Coded, there: np.ndarray) -> Float64:
    """Return the share that random training images would reach for each generated image, (m,).

    It is the frequency of the image's value, at any k. there: (n,) bool, training images that can
    be drawn. nan where a generated image has no value that a training image has.
    """
    drawn = codes.training[there]
    frequency = np.bincount(drawn[drawn >= 0], minlength=len(codes.values)) / max(len(drawn), 1)
    known = codes.generated >= 0
    chance = np.full(len(codes.generated), np.nan)
    chance[known] = frequency[codes.generated[known]]
    return chance
