"""Candidate lists without some of their candidates: the others move up."""

from __future__ import annotations

import numpy as np

from gmv_core.matching.matcher import Matches
from gmv_core.method.clusters import repeats
from gmv_core.types import Int64


def without_those(matches: Matches, gone: np.ndarray) -> Matches:
    """Return the lists without some candidates, the order of the others kept.

    gone: (m, R) bool.
    """
    order = np.argsort(gone, axis=1, kind="stable")
    end = np.take_along_axis(gone, order, axis=1)

    def moved(lists: np.ndarray, none: float) -> np.ndarray:
        return np.where(end, np.array(none, lists.dtype), np.take_along_axis(lists, order, axis=1))

    lost = int(gone[:, : matches.exact].sum(axis=1).max(initial=0))
    return Matches(
        candidates=moved(matches.candidates, -1),
        recall_rank=moved(matches.recall_rank, 0),
        recall_distance=moved(matches.recall_distance, np.inf),
        distance=moved(matches.distance, np.inf),
        exact=matches.exact - lost,
    )


def gathered(matches: Matches, clusters: Int64 | None) -> Matches:
    """Return lists that hold the first member of each cluster only, of those that are on them.

    clusters: (n,) the first row of each training image's cluster; None: the lists as they are.
    """
    if clusters is None:
        return matches
    return without_those(matches, repeats(matches.candidates, clusters))
