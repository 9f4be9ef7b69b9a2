"""Are the generated images as a whole closer to the training set than held-out ones are?

C_T of Meehan, Chaudhuri and Dasgupta (AISTATS 2020): the space is cut into cells, in each of which
a Mann–Whitney test compares the distances of generated and of held-out images to their nearest
training image; C_T is the mean of its z over the cells, weighted by their training images. Well
below 0: the generated images are closer than unseen ones, as where data are copied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float32, Float64, Int64

CELLS = 10
LEAST = 5  # images of each kind that a cell needs to be counted
TRAINED = 10_000  # training vectors that find the cells


@dataclass(frozen=True)
class Closeness:
    """score: C_T. p: how probable a C_T as low is, were both kinds equally close; one-sided."""

    score: float
    p: float


def cells_of(training: Float32, *others: Float32, seed: int = 0) -> list[Int64]:
    """Return the cell of each row, of the training vectors and of the others, by k-means.

    training: (n, d), at most TRAINED drawn rows are enough.
    """
    import faiss

    k = max(1, min(CELLS, len(training) // 39))
    # By default faiss prints a warning below 39 vectors a cell, which a small set has in its one.
    means = faiss.Kmeans(training.shape[1], k, seed=seed, niter=20, min_points_per_centroid=1)
    means.train(np.ascontiguousarray(training))
    return [means.index.search(np.ascontiguousarray(x), 1)[1][:, 0] for x in (training, *others)]


def closeness(
    generated: Float64, held_out: Float64, cells: tuple[Int64, Int64, Int64]
) -> Closeness | None:
    """Return C_T; None where no cell has enough images of both kinds.

    generated, held_out: (m,) and (h,) distances to the nearest training image. cells: of the
    training images, of the generated and of the held-out ones.
    """
    from scipy.stats import mannwhitneyu, norm

    z, weights = [], []
    for cell in np.unique(cells[0]):
        a, b = generated[cells[1] == cell], held_out[cells[2] == cell]
        if min(len(a), len(b)) < LEAST:
            continue
        u = float(mannwhitneyu(a, b, method="asymptotic").statistic)
        spread = np.sqrt(len(a) * len(b) * (len(a) + len(b) + 1) / 12)
        z.append((u - len(a) * len(b) / 2) / spread)
        weights.append(float((cells[0] == cell).mean()))
    if not z:
        return None
    w = np.array(weights) / sum(weights)
    score = float(w @ np.array(z))
    return Closeness(score, float(norm.cdf(score / np.sqrt((w**2).sum()))))
