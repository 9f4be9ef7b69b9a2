"""Images drawn at random whose pixels depend on each other and on the class."""

from __future__ import annotations

import numpy as np

from gmv_core.types import Float64, Int64

N, D, CLASSES = 60, 9, 3


def drawn(n: int = N, d: int = D, *, seed: int = 0) -> tuple[Float64, Int64]:
    """Images whose pixels depend on each other and on the class, and their classes."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, CLASSES, n)
    mixed = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) * np.linspace(0.02, 0.1, d)
    return 0.5 + mixed + 0.1 * codes[:, None], codes
