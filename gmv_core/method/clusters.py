"""Lists of neighbours in which a cluster of near copies counts once, as its first member.

Not as the nearest one: whoever adds copies that were saved again would then come nearer with each
of them (benchmarks/trust/duplicates.py measures both). The first is that of the smallest row.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmv_core.method.recall import Neighbours
from gmv_core.types import Float32, Int64

Search = Callable[[Float32, int], Neighbours]  # queries (m, d), k → the k nearest of each
PAIRS = 4096  # of an image and a first member measured at once: 20 MB of vectors
LISTED = 1 << 20  # neighbours listed at once, where a search goes deep: 100 MB
VectorsOf = Callable[[Int64], Float32]  # rows (c,) → vectors (c, d)


def repeats(candidates: Int64, clusters: Int64, later: np.ndarray | None = None) -> np.ndarray:
    """Return which candidates have an earlier member of their cluster in their list, (m, R) bool.

    candidates: (m, R) training rows, −1 for none. clusters: (n,) a row of each one's cluster, the
    same for all its members. later: (m, R) bool, candidates that come after the other members.
    """
    of = np.where(candidates >= 0, clusters[candidates], -1)
    keys = (candidates, of) if later is None else (candidates, later, of)
    order = np.lexsort(keys, axis=1)
    rising = np.take_along_axis(of, order, axis=1)
    again = np.zeros(of.shape, bool)
    again[:, 1:] = (rising[:, 1:] == rising[:, :-1]) & (rising[:, 1:] >= 0)
    repeated = np.empty(of.shape, bool)
    np.put_along_axis(repeated, order, again, axis=1)
    return repeated


def nearest_clusters(
    search: Search, queries: Float32, clusters: Int64, vectors_of: VectorsOf, *, k: int, n: int
) -> Neighbours:
    """Return the first member of each of the k nearest clusters, (m, k), rising.

    vectors_of: gives the vectors of training rows. n: images that can be found. However many copies
    an image has, k clusters are found where the set has them: the search goes deeper until it does,
    for each query by itself, so that an index that is not exact answers it alike in any company.
    """
    wanted = min(k, n)
    ids = np.full((len(queries), wanted), -1, np.int64)
    distances = np.full(ids.shape, np.inf, np.float32)
    left = np.arange(len(queries))
    while len(left):
        short = []
        step = max(1, LISTED // wanted)
        for some in (left[first : first + step] for first in range(0, len(left), step)):
            found = search(queries[some], wanted)
            kept = (found.ids >= 0) & ~repeats(found.ids, clusters)
            part, done = first_of(found, kept, k), (kept.sum(axis=1) >= k) | (wanted == n)
            width = part.ids.shape[1]
            ids[some[done], :width], distances[some[done], :width] = (
                part.ids[done], part.distances[done],
            )  # fmt: skip
            short.append(some[~done])
        left, wanted = np.concatenate(short), min(2 * wanted, n)
    return by_first(Neighbours(ids, distances), queries, clusters, vectors_of)


def by_first(
    found: Neighbours, queries: Float32, clusters: Int64, vectors_of: VectorsOf
) -> Neighbours:
    """Return the first members of the clusters of what was found, at their own distances, rising.

    found: (m, k), one member of each cluster, −1 for none.
    """
    ids, distances = np.where(found.ids >= 0, clusters[found.ids], -1), found.distances.copy()
    j, i = np.nonzero(ids != found.ids)
    if not len(j):
        return found
    for first in range(0, len(j), PAIRS):
        some = (j[first : first + PAIRS], i[first : first + PAIRS])
        rows, at = np.unique(ids[some], return_inverse=True)
        distances[some] = np.linalg.norm(vectors_of(rows)[at] - queries[some[0]], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return Neighbours(
        np.take_along_axis(ids, order, axis=1), np.take_along_axis(distances, order, axis=1)
    )


def first_of(found: Neighbours, kept: np.ndarray, k: int) -> Neighbours:
    """Return the first k neighbours that are kept, (m, k), in their order, −1 and inf for none.

    kept: of the shape of the lists.
    """
    order = np.argsort(~kept, axis=1, kind="stable")[:, :k]
    there = np.take_along_axis(kept, order, axis=1)
    ids = np.where(there, np.take_along_axis(found.ids, order, axis=1), -1)
    distances = np.where(there, np.take_along_axis(found.distances, order, axis=1), np.inf)
    return Neighbours(ids, distances.astype(np.float32))
