"""Lists without some of their candidates, by hand: who moves up, and who stands in for whom."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.matching.lists import leave_out
from gmv_core.matching.matcher import Matches
from gmv_core.method.value import ALL_EARN, Basis

LISTS = [[5, 0, 1, 4, 2], [1, 3, 2, -1, -1]]  # clusters: 0 1 2 are near copies, and 4 5
INF = float("inf")


def matches(lists: list[list[int]]) -> Matches:
    candidates = np.array(lists)
    ranks = np.tile(np.arange(1, candidates.shape[1] + 1), (len(candidates), 1))
    distance = np.where(candidates >= 0, ranks, np.inf).astype(np.float32)
    return Matches(candidates, ranks, distance, distance, 4)


def basis(without: set[int]) -> Basis:
    """As trust/credit.py makes it of clusters 0 1 2, 3, and 4 5."""
    clusters = np.zeros(6, np.int64)
    members = np.zeros(6, np.int64)
    for of in ([0, 1, 2], [3], [4, 5]):
        alive = [row for row in of if row not in without]
        clusters[of] = min(alive or of)
        members[alive] = len(alive)
    return Basis(clusters=clusters, members=members)


@pytest.mark.parametrize(
    ("without", "lists", "distance", "stand_ins"),
    [
        # The first of each cluster on a list stays.
        ((), [[0, 4], [1, 3]], [[2, 4], [1, 2]], 0),
        # 0 is left out: 1 stands on the first list at its own distance.
        ((0,), [[1, 4], [1, 3]], [[3, 4], [1, 2]], 0),
        # 0 and 1: 2 does, and on the second list, too.
        ((0, 1), [[4, 2], [3, 2]], [[4, 5], [2, 3]], 0),
        # All three: the cluster is gone.
        ((0, 1, 2), [[4], [3]], [[4], [2]], 0),
        ((4, 5, 3), [[0], [1]], [[2], [1]], 0),
    ],
)
def test_of_lists_that_hold_every_image(
    without: tuple[int, ...], lists: list[list[int]], distance: list[list[int]], stand_ins: int
) -> None:
    found = leave_out(matches(LISTS), without, basis({*without}))
    assert [[row for row in one if row >= 0] for one in found.candidates.tolist()] == lists
    assert [[d for d in one if d < INF] for one in found.distance.tolist()] == distance
    assert found.stand_ins is None or found.stand_ins.sum() == stand_ins


def test_of_lists_that_hold_first_images_alone() -> None:
    found = leave_out(matches([[4, 0, 3]]), (0, 4, 5), basis({0, 4, 5}))
    assert found.candidates.tolist() == [[1, 3, -1]], "1 stands in for 0, nothing for 4 and 5"
    assert found.distance.tolist() == [[2, 3, INF]]
    assert found.stand_ins is not None and found.stand_ins.tolist() == [[True, False, False]]


def test_a_list_that_ends_before_an_image_that_stays_has_it_stand_in_once() -> None:
    found = leave_out(matches([[1, 0, 3]]), (0, 1), basis({0, 1}))
    assert found.candidates.tolist() == [[2, 3, -1]]
    assert found.distance.tolist() == [[2, 3, INF]], "at the distance of the first of both"


def test_without_clusters_the_others_move_up() -> None:
    found = leave_out(matches(LISTS), (0, 1), ALL_EARN)
    assert found.candidates.tolist() == [[5, 4, 2, -1, -1], [3, 2, -1, -1, -1]]
    assert found.exact == 2 and found.stand_ins is None
