"""The figures of predicted influence: what they show, thinned and safe."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.plots.influence import change_dots, harm_ranking
from gmv_core.plots.look import MOST_POINTS


def test_a_change_is_a_point_of_its_owner_s_colour_with_its_interval() -> None:
    percent, low, high = (np.array(row) for row in ([2.1, -1.0, 0.2], [1.6, -2.0, -0.1],
                                                    [2.7, -0.5, 0.4]))  # fmt: skip
    figure = change_dots(
        ["Ada", "<b>Ben</b>", "Cy"], percent, (low, high), ["#111", "#222", "#333"]
    )
    (points,) = figure.data
    assert list(points.x) == [2.1, -1.0, 0.2]
    assert list(points.marker.color) == ["#111", "#222", "#333"]
    assert list(points.error_x.array) == pytest.approx([0.6, 0.5, 0.2])
    assert list(points.error_x.arrayminus) == pytest.approx([0.5, 1.0, 0.3])
    assert figure.layout.yaxis.ticktext[1] == "&lt;b&gt;Ben&lt;/b&gt;"


def test_the_ranking_by_harm_is_thinned_and_shows_the_noise() -> None:
    percent = np.linspace(-1, 2, 30_000)
    noise = np.zeros(30_000, bool)
    noise[:3] = True
    layers = {trace.name: trace for trace in harm_ranking(percent, noise).data}
    assert sum(len(trace.x) for trace in layers.values()) <= MOST_POINTS
    assert list(layers["known noise"].x) == [1, 2, 3]
    assert max(layers["harmful"].y) < 0 <= min(layers["helpful"].y)
    assert layers["helpful"].x[-1] == 30_000
    assert not harm_ranking(percent).data[2].showlegend
