"""The figure of verdicts by distance."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.measures.half_point import half_point
from gmv_core.plots.review import by_distance

DISTANCE = np.linspace(1, 7, 60)
YES = (np.sin(31 * DISTANCE) * 2 > DISTANCE - 4).astype(float)


def test_the_points_are_shares_and_the_lines_stand_at_both_distances() -> None:
    half = half_point(DISTANCE, YES)
    assert half is not None
    points, curve, at, reach = by_distance(DISTANCE, YES, half, 6.5).data
    assert sum(points.customdata) == 60
    assert np.average(points.y, weights=points.customdata) == pytest.approx(100 * YES.mean())
    assert np.interp(half.at, curve.x, curve.y) == pytest.approx(50, abs=1)
    assert list(at.x) == [half.at] * 2 and list(reach.x) == [6.5] * 2


def test_what_is_not_known_is_not_drawn() -> None:
    figure = by_distance(DISTANCE[:3], np.ones(3), None, None)
    assert len(figure.data) == 1 and len(figure.data[0].x) == 3
