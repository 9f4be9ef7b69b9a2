"""The figure of the criteria: the data that it holds, and names that are not its own."""

from __future__ import annotations

import pandas as pd
import pytest

from gmv_core.plots.criteria import shares_by_k

TABLE = pd.DataFrame(
    {"k": [1, 10], "share": [0.9, 0.5], "low": [0.8, 0.4], "high": [1.0, 0.6], "by_chance": 0.2}
)


def test_lines_band_and_chance() -> None:
    worse = TABLE.assign(share=[0.3, 0.25])
    figure = shares_by_k({"this run": TABLE, "<b>other": worse}, what="class", chance="random")
    band, first, second, chance = figure.data
    assert list(band.x) == [1, 10, 10, 1]
    assert list(band.y) == pytest.approx([100, 60, 40, 80])  # along the top and back below
    assert list(first.y) == pytest.approx([90, 50])
    assert list(second.y) == pytest.approx([30, 25])
    assert list(chance.y) == pytest.approx([20, 20])
    assert second.name == "&lt;b&gt;other"
    assert list(figure.layout.xaxis.tickvals) == [1, 10] and figure.layout.xaxis.type == "log"


def test_one_k_is_drawn_too() -> None:
    figure = shares_by_k({"this run": TABLE.head(1)}, what="class", chance="random")
    assert list(figure.data[1].x) == [1]
