"""Euclidean distances between all rows of two blocks.

Of 4096 × 4096 rows of 624, on two threads: 0.80 s here, 0.84 s by `faiss.pairwise_distances`, 1.6 s
by the same formula in one expression, 22 s by scipy's `cdist` (a busy machine, its fastest calls
0.52, 0.53, 1.3 and 18 s). FAISS ends in other last digits than what earlier versions stored.

Unit rows 1 apart are measured within 1e-6. Closer ones lose digits to the subtraction, up to 1e-3
for copies, as with FAISS; storing vectors in half precision moves them nearly as much.
"""

from __future__ import annotations

import numpy as np

from gmv_core.types import Float32


def pairwise_distances(a: Float32, b: Float32, a_squared: Float32, b_squared: Float32) -> Float32:
    """Return the (n, m) distances of (n, d) rows to (m, d) rows: ‖a‖² + ‖b‖² − 2·a·b, rooted.

    a_squared, b_squared: (n,) and (m,) squared lengths, which the caller works out once for all
    blocks. They are not 1: stored in half precision, unit rows are a little longer or shorter.
    """
    d: Float32 = a_squared[:, None] + b_squared
    products = a @ b.T
    # In place: fresh (n, m) arrays took half of the time.
    products *= 2
    d -= products
    np.maximum(d, 0, out=d)
    return np.sqrt(d, out=d)
