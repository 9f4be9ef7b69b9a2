"""Two criteria of GMValuator (arXiv 2304.10701) on a run of one's own: C1 and C2.

C1: contributors have the class of their generated image. C2: they share its attributes. Each share
stands beside what random training images would reach. C3 is in `known_noise.py` and
`foreign_classes.py`, C4 in `cost.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.measures.agreement import (
    NO_VALUE,
    UNKNOWN_VALUE,
    by_chance,
    coded,
    depths_within,
    shares,
)
from gmv_core.measures.bootstrap import mean_interval
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.result import Result
from gmv_core.store.columns import attributes, labels_of, statuses
from gmv_core.types import Int64

CLASS_DEPTHS = (1, 5, 10, 30, 50, 100)
ATTRIBUTE_DEPTHS = (5, 10, 15)
MOST_VALUES = 30  # an attribute with more is a number or a text, and rarely the same twice
RUN, RECALL, PIXELS = "this result", "without re-ranking", "pixel L2"
PAPER = {
    "class": "88.8 % on MNIST and 77.9 % on CIFAR-10",
    "attributes": "at k = 5 at least 96 % for hats, 95 % for glasses and 98 % for gender",
    "cost": "0.25 s a generated image without re-ranking",
}  # what it reports, on generators and data of its own


@dataclass(frozen=True)
class Agreement:
    """Shares of contributors that have the value of their generated image.

    table: order, value ("" for all), k, images, share, low, high, by_chance, from 0 to 1.
    images: generated images that count. Of the others, without_value have none,
    unknown_value have one that no training image has (unknown: which), rejected were never matched.
    unvalued_training: training images without a value; they count as of another one.
    all_alike: at the largest k all candidates are taken, so that their order cannot matter.
    """

    table: pd.DataFrame
    images: int
    without_value: int
    unknown_value: int
    unknown: tuple[str, ...]
    rejected: int
    unvalued_training: int
    all_alike: bool

    def overall(self, order: str = RUN) -> pd.DataFrame:
        """Return the rows of one order over all generated images, by k."""
        found = self.table[(self.table["order"] == order) & (self.table["value"] == "")]
        return found.reset_index(drop=True)


def lists_of(result: Result) -> dict[str, Int64]:
    """Return the candidates of all generated images by order, each (m, R), −1 for none.

    RUN: by the run's distance. RECALL: as the embedding found them, where that differs.
    """
    ranked, recalled = [], []
    for block in blocks(result.run, result.without, result.basis):
        ranked.append(block.matches.candidates)
        place = np.where(
            block.matches.candidates >= 0, block.matches.recall_rank, np.iinfo(np.int64).max
        )
        order = np.argsort(place, axis=1, kind="stable")
        recalled.append(np.take_along_axis(block.matches.candidates, order, axis=1))
    lists = {RUN: np.concatenate(ranked)}
    if result.manifest.matching.distance != "none":
        lists[RECALL] = np.concatenate(recalled)
    return lists


def class_agreement(
    result: Result, lists: Mapping[str, Int64], *, depths: Sequence[int] = CLASS_DEPTHS
) -> Agreement | None:
    """Return C1, or None where one of the sets has no labels.

    lists: `lists_of(result)`, and further orders of the same generated images. Depths beyond the
    number of candidates are left out.
    """
    training, generated = labels_of(result.training), labels_of(result.generated)
    return _agreement(result, lists, training.tolist(), generated.tolist(), depths)


def attribute_agreement(
    result: Result, lists: Mapping[str, Int64], *, depths: Sequence[int] = ATTRIBUTE_DEPTHS
) -> dict[str, Agreement]:
    """Return C2 of each attribute column that both sets have with at most MOST_VALUES values.

    Values are compared without regard to case.
    """
    training, generated = attributes(result.training), attributes(result.generated)
    found = {}
    for column in training.keys() & generated.keys():
        if len(set(training[column])) <= MOST_VALUES:
            judged = _agreement(result, lists, training[column], generated[column], depths)
            if judged is not None:
                found[column] = judged
    return dict(sorted(found.items()))


def _agreement(
    result: Result,
    lists: Mapping[str, Int64],
    training: Sequence[str],
    generated: Sequence[str],
    depths: Sequence[int],
) -> Agreement | None:
    codes = coded(training, generated)
    kept = depths_within(depths, lists[RUN].shape[1])
    if not codes.values or not any(generated) or not kept:
        return None
    there = statuses(result.training)
    there[list(result.without)] = False
    found = {name: shares(order, codes, kept) for name, order in lists.items()}
    matched = (lists[RUN] >= 0).any(axis=1)
    own = np.where(matched, codes.generated, NO_VALUE)
    chance = by_chance(codes, there)
    groups = [("", own >= 0)]
    groups += [(value, own == i) for i, value in enumerate(codes.values) if (own == i).any()]
    rows = []
    for value, some in groups if groups[0][1].any() else []:
        stacked = np.concatenate([part[some] for part in found.values()], axis=1)
        cells = [(name, k) for name in found for k in kept]
        for (order, k), *interval in zip(cells, *mean_interval(stacked), strict=True):
            rows.append((order, value, k, int(some.sum()), *interval, float(chance[some].mean())))
    columns = ["order", "value", "k", "images", "share", "low", "high", "by_chance"]
    foreign = np.flatnonzero(matched & (codes.generated == UNKNOWN_VALUE)).tolist()
    return Agreement(
        table=pd.DataFrame(rows, columns=columns),
        images=int((own >= 0).sum()),
        without_value=int((matched & (codes.generated == NO_VALUE)).sum()),
        unknown_value=len(foreign),
        unknown=tuple(sorted({generated[j] for j in foreign})),
        rejected=int((~matched).sum()),
        unvalued_training=int((codes.training[there] == NO_VALUE).sum()),
        all_alike=len(lists) > 1 and max(kept) == lists[RUN].shape[1],
    )
