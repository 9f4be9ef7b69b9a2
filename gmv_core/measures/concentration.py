"""How unequally value is spread.

Lorenz curve and Gini coefficient as in Gini (1912), of a finite population without correction:
one image that takes all gives (n − 1)/n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float64


@dataclass(frozen=True)
class Lorenz:
    """Cumulative shares, least valuable image first, both (n + 1,) from 0 to 1."""

    images: Float64
    value: Float64


def lorenz(values: Float64) -> Lorenz:
    """Return the Lorenz curve of (n,) values ≥ 0; the diagonal where nothing was handed out."""
    steps = np.concatenate([[0.0], np.cumsum(np.sort(values))])
    images = np.linspace(0, 1, len(steps))
    return Lorenz(images, steps / steps[-1] if steps[-1] > 0 else images)


def gini(values: Float64) -> float:
    """Return the Gini coefficient of (n,) values ≥ 0: 0 if all are equal, (n − 1)/n at most."""
    total, n = values.sum(), len(values)
    if not total > 0:
        return 0.0
    ranks = np.arange(1, n + 1)
    return float((2 * ranks - n - 1) @ np.sort(values) / (n * total))


def fewest_for(values: Float64, share: float = 0.5) -> int:
    """Return how many of the most valuable images it takes to hold a share of the value."""
    held = np.cumsum(np.sort(values)[::-1])
    if not len(held) or not held[-1] > 0:
        return 0
    # Rounding must not ask for one image more than the sum allows.
    return int(np.searchsorted(held, share * held[-1] * (1 - 1e-12)) + 1)
