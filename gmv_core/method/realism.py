"""Quality: how good a generated image is, q in [0, 1], higher is better.

The embedded default is *realism* (Kynkäänniemi et al., NeurIPS 2019, eq. 4): over the half of the
training images with the smaller 3-NN radii, the largest ratio of a training image's radius to its
distance from the generated image. It measures closeness to the training images, not beauty.

q = min(1, realism / median realism of the training images themselves, each left out once), so an
image as real as the median training image gets 1, and q falls smoothly, never to exactly 0.

Copies of a training image count as one: four copies have a 3-NN radius of 0, and half a set of such
would be the half that is kept, in which nothing but a copy is real.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmv_core.errors import ModelError
from gmv_core.method.pairwise import pairwise_distances
from gmv_core.types import Float32, Float64, Int64

NEIGHBOURS = 3
MAX_REFERENCE = 10_000  # training images that stand for the set; a choice, for a quick build
MIN_REFERENCE = 10
COPY_SQUARED = 1e-5  # of a distance that rounding alone makes: half precision, and faiss's sums
BLOCK = 256  # images compared at once with the reference: 5 MB a table of distances


@dataclass(frozen=True)
class Reference:
    """What realism needs of a training set.

    vectors: (h, d) float32, the half with the smaller radii. radii: (h,), their 3-NN radii.
    own: (r,) float64 sorted, the realism of all distinct images, each left out once.
    """

    vectors: Float32
    radii: Float32
    own: Float64

    @property
    def median(self) -> float:
        return float(np.median(self.own))


def make_reference(vectors: Float32) -> Reference:
    """Measure a training set's manifold.

    vectors: (n, d) float32 unit rows; draw at most MAX_REFERENCE. Raises ModelError where fewer
    than MIN_REFERENCE of them are distinct.
    """
    vectors, squared, found = _distinct(vectors)
    r = len(vectors)
    # The image itself leaves its list; where rounding puts others first, one of them does instead.
    found[(found == np.arange(r)[:, None]).sum(1) == 0, 0] = -1
    others = (found != np.arange(r)[:, None]) & (found >= 0)
    near = found[others].reshape(r, NEIGHBOURS + 1)
    distances = np.sqrt(np.maximum(squared[others].reshape(r, NEIGHBOURS + 1), 0))
    radius, wider = distances[:, NEIGHBOURS - 1], distances[:, NEIGHBOURS]
    half = np.flatnonzero(radius <= np.median(radius))
    own = np.empty(r)
    counted = near[half, :NEIGHBOURS].ravel()  # image i stands among the 3 nearest of half[j]
    by = np.repeat(np.arange(len(half)), NEIGHBOURS)
    squared_length = (vectors * vectors).sum(1)
    for start in range(0, r, BLOCK):
        rows = np.arange(start, min(start + BLOCK, r))
        d = pairwise_distances(
            vectors[rows], vectors[half], squared_length[rows], squared_length[half]
        )
        # Without image i the radius of a neighbour that counted i among its 3 reaches its 4th.
        left_out = np.tile(radius[half], (len(rows), 1))
        here = (counted >= rows[0]) & (counted <= rows[-1])
        left_out[counted[here] - start, by[here]] = wider[half][by[here]]
        d[rows[:, None] == half] = np.inf
        own[rows] = _largest_ratio(left_out, d)
    return Reference(vectors[half], radius[half].astype(np.float32), np.sort(own))


def _distinct(vectors: Float32) -> tuple[Float32, Float32, Int64]:
    """Return the r rows that are no copy of an earlier one, and each one's nearest among them.

    The nearest: squared distances and places, (r, NEIGHBOURS + 2), the row itself among them.
    """
    import faiss

    n, d = vectors.shape
    whole_rows = np.ascontiguousarray(vectors).view(np.dtype((np.void, 4 * d))).ravel()
    vectors = vectors[np.sort(np.unique(whole_rows, return_index=True)[1])]
    while len(vectors) >= MIN_REFERENCE:
        squared, found = faiss.knn(vectors, vectors, NEIGHBOURS + 2)
        earlier = found < np.arange(len(vectors))[:, None]
        copies = (earlier & (squared <= COPY_SQUARED)).any(axis=1)
        if not copies.any():
            return vectors, squared, found
        vectors = np.ascontiguousarray(vectors[~copies])
    different = "different " if len(vectors) < n else ""
    raise ModelError(
        f"Realism needs at least {MIN_REFERENCE} {different}training images and there are "
        f"{len(vectors)}; use --quality none."
    )


def realism(vectors: Float32, reference: Reference) -> Float64:
    """Return the realism score of (m, d) unit rows, (m,) float64: about 1 on the manifold."""
    scores = np.empty(len(vectors))
    of_reference = (reference.vectors * reference.vectors).sum(1)
    for start in range(0, len(vectors), BLOCK):
        rows = vectors[start : start + BLOCK]
        d = pairwise_distances(rows, reference.vectors, (rows * rows).sum(1), of_reference)
        scores[start : start + BLOCK] = _largest_ratio(reference.radii, d)
    return scores


def realism_quality(scores: Float64, reference: Reference) -> Float64:
    """Map realism to q in [0, 1] against the training images' own."""
    return np.clip(scores / max(reference.median, 1e-12), 0.0, 1.0)


def _largest_ratio(radii: NDArray[np.float32], d: Float32) -> Float64:
    # A copy of a training image has distance 0; 1e-6 keeps the ratio finite.
    largest: Float64 = np.max(radii / np.maximum(d, 1e-6), axis=1).astype(np.float64)
    return largest
