"""Re-rank: perceptual distances between generated images and their candidates.

A distance of LPIPS's form is a squared Euclidean distance between one long vector an image, so a
network runs once an image and a block of pairs is one matrix product. For the embedder's own
perceptual vectors a set stores a *sketch*: a CountSketch (Charikar et al., 2002) of 4,096 bytes,
from which a distance is estimated without any network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gmv_core.models.network import products_with
from gmv_core.types import Float32, Int64

TILE_BYTES = 64_000_000  # of vectors compared at once: a bound on memory, whatever their length
# A pair within one product of all with all takes a twelfth of the time of a pair alone (measured on
# vectors of 50,000 numbers): where fewer of them are asked for, each is taken alone.
SPARSE = 12
NEAR = 1e-2  # below this share of the norms a distance is taken from the difference itself

VectorsOf = Callable[[Int64], Float32]  # row ids (c,) → vectors (c, D)


def pair_distances(
    generated: Float32,
    candidates: Int64,
    vectors_of: VectorsOf,
    *,
    squared: bool,
    tile: int | None = None,
) -> Float32:
    """Return the distance of every generated image to its candidates, (m, R), inf for none.

    generated: (m, D) vectors. candidates: (m, R) training rows, −1 for none.
    vectors_of: gives the vectors of training rows; called once for each distinct row, `tile` rows
        at a time (by itself: TILE_BYTES of vectors), so memory is bounded by the tile.
    squared: whether d is the squared norm (LPIPS's form) or the norm.
    """
    distances = np.full(candidates.shape, np.inf, np.float32)
    own = np.einsum("md,md->m", generated, generated)
    products = products_with(generated)
    tile = tile or max(16, TILE_BYTES // (4 * generated.shape[1]))
    for rows, (j, r) in _tiles(candidates, tile):
        vectors = vectors_of(rows)  # (t, D)
        t = np.searchsorted(rows, candidates[j, r])
        if SPARSE * len(j) < len(generated) * len(rows):
            d, near = np.empty(len(j), np.float32), np.arange(len(j))
        else:
            norms = np.einsum("td,td->t", vectors, vectors)
            d = own[j] + norms[t] - 2 * products(vectors)[j, t]
            # Near copies: the sum above cancels, so what is left of it is noise.
            near = np.flatnonzero(d < NEAR * (own[j] + norms[t]))
        for p in near:
            difference = generated[j[p]] - vectors[t[p]]
            d[p] = difference @ difference
        distances[j, r] = np.maximum(d, 0)
    return distances if squared else np.sqrt(distances)


def _tiles(candidates: Int64, tile: int) -> Iterator[tuple[Int64, tuple[Int64, Int64]]]:
    """Yield (distinct training rows, (generated, position) of every pair with one of them)."""
    flat = candidates.ravel()
    order = np.argsort(flat, kind="stable")
    order = order[flat[order] >= 0]
    unique, first = np.unique(flat[order], return_index=True)
    bounds = np.append(first, len(order))
    for start in range(0, len(unique), tile):
        stop = min(start + tile, len(unique))
        pairs = order[bounds[start] : bounds[stop]]
        yield unique[start:stop], np.unravel_index(pairs, candidates.shape)  # type: ignore[misc]


def sort_by_distance(
    candidates: Int64, distances: Float32, *, exact: int | None = None
) -> tuple[Int64, Float32, Int64]:
    """Return candidates and distances in rising order, and where each stood before, (m, R).

    exact: sort only the first `exact` positions and leave the rest behind them, in its own order
        (those are estimates, these are not). None sorts all. Ties keep the order of recall.
    """
    key = distances.astype(np.float64)
    head = key.shape[1] if exact is None else min(exact, key.shape[1])
    order = np.argsort(key[:, :head], axis=1, kind="stable")
    tail = np.broadcast_to(np.arange(head, key.shape[1]), (len(key), key.shape[1] - head))
    order = np.concatenate([order, tail], axis=1).astype(np.int64)
    return (
        np.take_along_axis(candidates, order, 1),
        np.take_along_axis(distances, order, 1),
        order,
    )
