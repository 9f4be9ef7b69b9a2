"""The figure of shares in two results."""

from __future__ import annotations

import numpy as np

from gmv_core.plots.compared import PALE, share_dumbbells


def test_each_group_is_a_ring_and_a_dot() -> None:
    figure = share_dumbbells(
        ["Ada", "Ben <b>"],
        (np.array([0.3, 0.7]), np.array([0.5, 0.5])),
        (np.array([0.1, -0.3]), np.array([0.3, 0.1])),
        ["#111111", "#222222"],
        ("one", "two"),
    )
    ada, ben, *legend = figure.data
    assert (list(ada.x), list(ada.y)) == ([50, 30], [0, 0])
    assert list(ada.marker.symbol) == ["circle", "circle-open"]
    assert (ada.opacity, ben.opacity) == (1, PALE), "Ben's interval holds 0"
    assert "difference -20 points, -30 to +10" in ben.hovertemplate
    assert "Ben &lt;b&gt;" in ben.hovertemplate
    assert [trace.name for trace in legend] == ["one", "two"]
