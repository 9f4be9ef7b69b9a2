"""The distance at which half say yes."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.measures.half_point import half_point


def test_it_finds_the_truth_and_holds_it() -> None:
    rng, held = np.random.default_rng(0), []
    for _ in range(200):
        x = rng.normal(3, 1, 80)
        found = half_point(x, (rng.random(80) < 1 / (1 + np.exp(2 * (x - 2.5)))).astype(float))
        assert found is not None
        held.append(found.low <= 2.5 <= found.high)
    assert np.mean(held) >= 0.92


def test_its_curve_is_a_half_there() -> None:
    x = np.linspace(10, 30, 40)
    found = half_point(x, (np.sin(37 * x) * 4 > x - 20).astype(float))
    assert found is not None
    assert found.intercept + found.slope * found.at == pytest.approx(0, abs=1e-6)
    assert found.low < found.at < found.high
    moved = half_point(100 * x - 7, (np.sin(37 * x) * 4 > x - 20).astype(float))
    assert moved is not None
    assert moved.at == pytest.approx(100 * found.at - 7, rel=1e-4)  # no unit


def test_answers_that_a_distance_parts_have_a_point_between() -> None:
    x = np.arange(20.0)
    found = half_point(x, (x < 8).astype(float))
    assert found is not None and found.at == pytest.approx(7.5, abs=0.2)


@pytest.mark.parametrize(
    ("x", "yes"),
    [
        (np.arange(5.0), np.array([1, 0, 1, 0, 0.0])),
        (np.arange(20.0), np.ones(20)),
        (np.ones(20), np.tile([0.0, 1.0], 10)),
        (np.arange(20.0), (np.arange(20) > 8).astype(float)),
    ],
    ids=["few", "one answer", "one distance", "rising"],
)
def test_it_says_nothing_where_nothing_can_be_said(x: np.ndarray, yes: np.ndarray) -> None:
    assert half_point(x, yes) is None


def test_a_half_that_no_distance_reached_is_told_as_such() -> None:
    x = np.linspace(1, 3, 60)
    rare = half_point(x, ((np.arange(60) % 5 == 0) & (x < 2)).astype(float))
    assert rare is not None and rare.at < x.min() and rare.side == -1
    often = half_point(x, 1 - ((np.arange(60) % 5 == 0) & (x > 2)).astype(float))
    assert often is not None and often.at > x.max() and often.side == 1
    assert half_point(x, (x < 2).astype(float)).side == 0  # type: ignore[union-attr]
