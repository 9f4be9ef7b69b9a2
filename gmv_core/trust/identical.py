"""Generated images with the very pixels of a training image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmv_core.method.recall import Neighbours
from gmv_core.store.columns import previews_of
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64, UInt8

CLOSE = 0.02  # embeddings of equal pixels, stored in half precision, are this near


def identical_rows(found: Neighbours, pixels: Callable[[int], UInt8], training: ImageSet) -> Int64:
    """Return the training row with the same preview as each of m images, (m,), −1 for none.

    found: (m, R) by their embeddings, in any order. pixels: gives the j-th image's preview,
    (h, w, 3) uint8; asked for only where one that was found is CLOSE.
    """
    rows = np.full(len(found.ids), -1, np.int64)
    for j in np.flatnonzero((found.distances <= CLOSE).any(axis=1)):
        close = np.sort(found.ids[j][found.distances[j] <= CLOSE])  # of several, the first
        mine = pixels(int(j))
        for row, theirs in zip(close, previews_of(training, close), strict=True):
            if np.array_equal(mine, theirs):
                rows[j] = row
                break
    return rows
