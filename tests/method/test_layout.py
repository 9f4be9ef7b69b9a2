"""Layouts in two dimensions: the same for a seed, neighbours kept, others placed, polygons."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.method.layout import FEWEST, fit_layout, inside, nearest_fitted, place, principal_axes


def heaps(count: int, each: int, *, seed: int = 0) -> np.ndarray:
    """Return (count · each, 8) vectors in heaps far from each other."""
    rng = np.random.default_rng(seed)
    middles = 20 * np.eye(8)[:count]
    return (middles.repeat(each, axis=0) + rng.normal(size=(count * each, 8))).astype(np.float32)


def test_a_layout_is_the_same_for_a_seed_and_keeps_heaps_apart() -> None:
    points = heaps(3, 40)
    found = fit_layout(points, seed=3)
    assert found.shape == (120, 2) and np.isfinite(found).all()
    assert np.array_equal(found, fit_layout(points, seed=3))
    assert not np.array_equal(found, fit_layout(points, seed=4))
    away = np.linalg.norm(found[:, None] - found, axis=2)
    np.fill_diagonal(away, np.inf)
    assert (away.argmin(axis=1) // 40 == np.arange(120) // 40).all()


@pytest.mark.parametrize("n", [FEWEST, 11, 17, 30])
def test_few_points_have_a_layout(n: int) -> None:
    found = fit_layout(heaps(3, 10)[:n])
    assert found.shape == (n, 2) and np.isfinite(found).all()


def test_points_of_one_place_lie_in_one_place() -> None:
    assert not fit_layout(np.ones((20, 4), np.float32)).any()


def test_the_axes_are_those_of_largest_variance() -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(500, 3)) * (1, 9, 3) + 5).astype(np.float32)
    axes = principal_axes(vectors)
    assert np.abs(axes.axes).round(1).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert np.abs(axes(vectors).mean(axis=0)).max() < 1e-4


def test_the_nearest_fitted_points_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(1)
    fitted, points = (rng.normal(size=(n, 5)).astype(np.float32) for n in (50, 7))
    distances, places = nearest_fitted(fitted, points)
    away = np.linalg.norm(points[:, None] - fitted, axis=2)
    assert np.array_equal(places, np.argsort(away, axis=1)[:, :10])
    assert np.allclose(distances, np.sort(away, axis=1)[:, :10], atol=1e-3)


def test_a_point_is_placed_where_most_of_its_neighbours_lie() -> None:
    here, there = np.array([1.0, 2.0]), np.array([50.0, 50.0])
    positions = np.stack([here, here + 0.1, here - 0.1, there, there])[None].astype(np.float32)
    (found,) = place(positions, np.full((1, 5), 0.5, np.float32))
    assert np.linalg.norm(found - here) < 0.2  # the mean would be 20 away


def test_a_point_lies_on_its_copy() -> None:
    positions = np.array([[[3, 4], [9, 9], [0, 0]]], np.float32)
    (found,) = place(positions, np.array([[0, 1, 1]], np.float32))
    assert np.allclose(found, [3, 4], atol=1e-3)


def test_neighbours_that_are_missing_place_nothing() -> None:
    positions = np.array([[[1, 1], [np.nan, np.nan]], [[1, 1], [2, 2]]], np.float32)
    found = place(positions, np.array([[0.1, 0.1], [np.inf, np.inf]], np.float32))
    assert np.allclose(found[0], [1, 1]) and np.isnan(found[1]).all()


def test_a_polygon_holds_what_brute_force_finds() -> None:
    """A concave one, against the winding number of each point."""
    polygon = np.array([[0, 0], [10, 0], [10, 8], [5, 3], [0, 8]], float)
    points = np.random.default_rng(0).uniform(-2, 12, (4000, 2)).astype(np.float32)
    turns = np.zeros(len(points))
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        a, b = start - points, end - points
        turns += np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], (a * b).sum(axis=1))
    wanted = np.abs(turns) > np.pi
    assert 0 < wanted.sum() < 4000
    assert np.array_equal(inside(points, polygon), wanted)
    assert not inside(np.array([[np.nan, np.nan]], np.float32), polygon).any()
