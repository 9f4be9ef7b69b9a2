"""Two results, and which training and generated images they have in common.

Two sets have an image in common where its bytes are the same (SHA-256). One set is the same as
itself, whatever it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.results.result import Result
from gmv_core.store.columns import kept_rows
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64

ALIKE = 1e-6  # of a whole: distances are in single precision, and so differ from run to run


@dataclass(frozen=True)
class Common:
    """The images that two sets have in common.

    first, second: (c,) rows in either set. of_first, of_second: how many images either holds;
    rejected ones and those left out of a reading are not counted. same_set: it is one set.
    """

    first: Int64
    second: Int64
    of_first: int
    of_second: int
    same_set: bool

    def __len__(self) -> int:
        return len(self.first)

    @property
    def all(self) -> bool:
        """Whether both sets hold the same images and no others."""
        return len(self) == self.of_first == self.of_second


@dataclass(frozen=True)
class Pair:
    """Two results to be compared, and what they have in common."""

    first: Result
    second: Result
    training: Common
    generated: Common

    def training_numbers(self) -> tuple[Int64, Int64]:
        """Return a number for each training row of either set, the same for the same image."""
        return _numbers(self.training, self.first.training, self.second.training)

    def generated_numbers(self) -> tuple[Int64, Int64]:
        """Return a number for each generated row of either set, the same for the same image."""
        return _numbers(self.generated, self.first.generated, self.second.generated)


def pair_of(first: Result, second: Result) -> Pair:
    """Return two results with what they have in common."""
    return Pair(
        first,
        second,
        _common(first.training, second.training, first.without, second.without),
        _common(first.generated, second.generated, frozenset(), frozenset()),
    )


def _common(
    first: ImageSet, second: ImageSet, without_first: frozenset[int], without_second: frozenset[int]
) -> Common:
    if first.folder == second.folder:
        a, b = kept_rows(first, without_first), kept_rows(second, without_second)
        rows = np.intersect1d(a, b, assume_unique=True)
        return Common(rows, rows, len(a), len(b), same_set=True)
    left, right = _digests(first, without_first), _digests(second, without_second)
    both = left.merge(right, on=["digest", "occurrence"], suffixes=("", "_second"))
    rows, others = (both[column].to_numpy(np.int64) for column in ("id", "id_second"))
    return Common(rows, others, len(left), len(right), same_set=False)


def _digests(images: ImageSet, without: frozenset[int]) -> pd.DataFrame:
    """Return id, digest, and which of the images of that digest it is, of those that count."""
    table = (
        images.images.read(["id", "name", "sha256"]).take(kept_rows(images, without)).to_pandas()
    )
    digest = table["sha256"].where(table["sha256"].fillna("") != "", table["name"])
    return pd.DataFrame({"id": table["id"], "digest": digest,
                         "occurrence": digest.groupby(digest).cumcount()})  # fmt: skip


def _numbers(common: Common, first: ImageSet, second: ImageSet) -> tuple[Int64, Int64]:
    n, m = len(first.images), len(second.images)
    if common.same_set:
        return np.arange(n), np.arange(m)
    numbers = n + np.arange(m)
    numbers[common.second] = common.first
    return np.arange(n), numbers
