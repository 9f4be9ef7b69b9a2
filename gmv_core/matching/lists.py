"""Candidate lists without some of their candidates: the others move up.

Where near copies count as one, a candidate that is left out has an image of its cluster to stand in
for it, as long as one stays. What is known of a distance is that of the one left out, so the
cluster stays where it was; of a copy of equal pixels it is its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from gmv_core.matching.matcher import Matches
from gmv_core.method.clusters import repeats
from gmv_core.method.value import Basis
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
        stand_ins=None if matches.stand_ins is None else moved(matches.stand_ins, 0),
    )


def gathered(matches: Matches, clusters: Int64 | None) -> Matches:
    """Return lists that hold the first member of each cluster only, of those that are on them.

    clusters: (n,) the first row of each training image's cluster; None: the lists as they are.
    """
    if clusters is None:
        return matches
    return without_those(matches, repeats(matches.candidates, clusters))


def leave_out(matches: Matches, without: Collection[int], basis: Basis) -> Matches:
    """Return lists as if some training rows had never been; of a cluster, one image.

    without: the rows that the basis was made without. The order of those that stay is kept, so the
    k nearest of them are what a run without the others would have found, as long as k are left in
    the list.
    """
    candidates, clusters, members = matches.candidates, basis.clusters, basis.members
    if not without:
        return gathered(matches, clusters)
    gone = np.isin(candidates, np.fromiter(without, np.int64, len(without)))
    if clusters is None or members is None:
        return without_those(matches, gone)
    first = clusters[candidates]  # of none it is nobody's: none is gone
    stand_in = gone & (members[first] > 0)
    named = np.where(stand_in, first, candidates)
    matches = replace(matches, candidates=named, stand_ins=stand_in)
    return without_those(matches, repeats(candidates, clusters, gone) | (gone & ~stand_in))
