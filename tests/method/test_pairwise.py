"""The one pairwise distance: by hand, and against float64."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gmv_core.method.pairwise import pairwise_distances
from gmv_core.models.embedders.embedder import unit_rows
from gmv_core.types import Float32


def stored(n: int, *, seed: int) -> Float32:
    """Unit rows as a set gives them back: from half precision."""
    rows = np.random.default_rng(seed).normal(size=(n, 624)).astype(np.float32)
    return unit_rows(rows).astype(np.float16).astype(np.float32)


def distances(a: Float32, b: Float32) -> Float32:
    return pairwise_distances(a, b, (a * a).sum(1), (b * b).sum(1))


def test_by_hand() -> None:
    a = np.array([[3, 0], [0, 0]], np.float32)
    b = np.array([[0, 4], [3, 0], [-3, 0]], np.float32)
    assert distances(a, b).tolist() == [[5, 0, 6], [4, 3, 3]]


def test_lengths_need_not_be_1() -> None:
    a, b = stored(20, seed=0) * np.float32(3), stored(30, seed=1) * np.float32(0.5)
    assert distances(a, b) == pytest.approx(cdist(a, b), abs=5e-6)


@pytest.mark.parametrize(
    ("apart", "within"), [(0.0, 2e-3), (1e-3, 2e-3), (0.1, 2e-5), (1.0, 1e-6), (1.4, 1e-6)]
)
def test_within_of_float64(apart: float, within: float) -> None:
    a = stored(200, seed=2)
    b = (a + np.float32(apart) * stored(200, seed=3)).astype(np.float32)
    found = np.diag(distances(a, b))
    exact = np.linalg.norm(a.astype(np.float64) - b, axis=1)
    assert exact == pytest.approx([apart] * 200, abs=1e-3)
    assert found == pytest.approx(exact, abs=within)
    assert (found >= 0).all()


def test_what_is_given_is_not_changed() -> None:
    a, b = stored(5, seed=4), stored(6, seed=5)
    given = a, b, (a * a).sum(1), (b * b).sum(1)
    before = [array.copy() for array in given]
    pairwise_distances(*given)
    assert all(np.array_equal(x, y) for x, y in zip(given, before, strict=True))
