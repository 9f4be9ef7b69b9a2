"""Euclidean distances between all rows of two blocks.

`faiss.pairwise_distances` takes half as long (0.23 s against 0.46 s for 4096 × 4096 rows of 624, on
two threads), scipy's `cdist` thirteen times as long. Both end in other last digits, so that what
earlier versions stored would not be found again.
"""

from __future__ import annotations

import numpy as np

from gmv_core.types import Float32


def pairwise_distances(a: Float32, b: Float32, a_squared: Float32, b_squared: Float32) -> Float32:
    """Return the (n, m) distances of (n, d) rows to (m, d) rows: ‖a‖² + ‖b‖² − 2·a·b, rooted.

    a_squared, b_squared: (n,) and (m,) squared lengths, which the caller works out once for all
    blocks. They are not 1: stored in half precision, unit rows are a little longer or shorter.
    """
    squared = a_squared[:, None] + b_squared - 2 * (a @ b.T)
    distances: Float32 = np.sqrt(np.maximum(squared, 0))
    return distances
