"""Euclidean distances between all rows of two blocks."""

from __future__ import annotations

import numpy as np

from gmv_core.types import Float32


def pairwise_distances(a: Float32, b: Float32) -> Float32:
    squared = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T)
    roots: Float32 = np.sqrt(np.maximum(squared, 0)).astype(np.float32)
    return roots
