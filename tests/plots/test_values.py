"""Figures: the data that they hold, worked out by hand; never what a browser makes of them."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest

from gmv_core.plots.influence import change_dots, harm_ranking
from gmv_core.plots.look import ACCENT, MOST_POINTS, QUIET, STANDING, thin
from gmv_core.plots.noise import noise_found, ranking
from gmv_core.plots.quality import quality_histogram, weighting_scatter
from gmv_core.plots.values import (
    log_ticks,
    lorenz_curve,
    parts_bar,
    share_bars,
    share_dots,
    value_histogram,
)

RNG = np.random.default_rng(0)
MANY = 60_000


def points(figure: go.Figure) -> int:
    return sum(len(trace.x) for trace in figure.data)


@cache
def many_figures() -> dict[str, go.Figure]:
    """Every figure of a large set."""
    value = np.sort(RNG.exponential(size=MANY) * (RNG.random(MANY) < 0.4))
    shares = np.linspace(0, 1, MANY)
    standing = RNG.choice(list(STANDING), MANY)
    noise = RNG.random(MANY) < 0.1
    return {
        "value_histogram": value_histogram(value),
        "quality_histogram": quality_histogram(RNG.random(MANY), "realism"),
        "lorenz_curve": lorenz_curve(shares, shares**2),
        "share_bars": share_bars(["a"], {"of the value": np.ones(1)}),
        "share_dots": share_dots(["a"], np.ones(1), (np.ones(1), np.ones(1)), np.ones(1), ["#000"]),
        "parts_bar": parts_bar({"contributor": MANY, "never near": 0}, (ACCENT, QUIET)),
        "weighting_scatter": weighting_scatter(["n"] * MANY, value, value / 2),
        "ranking": ranking(value, shares, standing, noise),
        "noise_found": noise_found(noise),
        "change_dots": change_dots(["a"], np.ones(1), (np.zeros(1), np.full(1, 2.0)), ["#000"]),
        "harm_ranking": harm_ranking(np.sort(RNG.normal(size=MANY)), noise),
    }


@pytest.mark.parametrize("name", list(many_figures()))
def test_no_figure_of_a_large_set_is_large(name: str) -> None:
    figure = many_figures()[name]
    assert points(figure) <= MOST_POINTS + 10
    assert len(figure.to_json()) < 300_000


@pytest.mark.parametrize("name", list(many_figures()))
def test_every_figure_has_the_one_look(name: str) -> None:
    figure = many_figures()[name]
    layout = figure.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange
    assert layout.legend.orientation == "h"
    assert any(axis.title.text for axis in figure.select_xaxes()), "it says what it measures"


def test_value_bins_leave_the_zeros_out_and_keep_the_extremes() -> None:
    (bars,) = value_histogram(np.array([0, 0, 0, 0.01, 0.1, 0.1, 10])).data
    assert sum(bars.y) == 4
    assert bars.y[0] == bars.y[-1] == 1
    assert bars.customdata[0][0] == 0.01 and bars.customdata[-1][1] == 10
    assert bars.x + np.array(bars.width) / 2 == pytest.approx(bars.customdata[:, 1])


@pytest.mark.parametrize("values", [[], [0, 0], [0.3], [0.3, 0.3]])
def test_few_values_are_drawn_too(values: list[float]) -> None:
    (bars,) = value_histogram(np.array(values, float)).data
    assert sum(bars.y) == sum(v > 0 for v in values)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.09, 0.6, [0.1, 0.2, 0.3, 0.5]), (0.01, 30, [0.01, 0.1, 1, 10]), (1.1, 1.3, [1.1, 1.3])],
)
def test_ticks_of_a_logarithmic_axis(low: float, high: float, ticks: list[float]) -> None:
    assert log_ticks(low, high) == pytest.approx(ticks)


def test_twenty_decades_still_have_few_ticks() -> None:
    assert 3 <= len(log_ticks(1e-20, 1)) <= 6


def test_quality_bins_and_median() -> None:
    figure = quality_histogram(np.array([0, 0.5, 1, np.nan]), "piqe")
    (bars,) = figure.data
    assert sum(bars.y) == 3 and bars.y[0] == 1 and bars.y[-1] == 1
    assert figure.layout.shapes[0].x0 == 0.5
    assert "piqe" in figure.layout.xaxis.title.text


def test_quality_of_nothing_has_no_median() -> None:
    figure = quality_histogram(np.array([np.nan]), "piqe")
    assert sum(figure.data[0].y) == 0 and not figure.layout.shapes


def test_the_lorenz_curve_is_drawn_in_percent() -> None:
    figure = lorenz_curve(np.array([0, 0.5, 1]), np.array([0, 0.1, 1]))
    curve = next(t for t in figure.data if t.name == "this training set")
    assert list(curve.x) == [0, 50, 100] and list(curve.y) == [0, 10, 100]


def test_bars_of_shares() -> None:
    figure = share_bars(
        ["Ada", "Ben"],
        {"of the value": np.array([0.7, 0.3]), "of the images": np.array([0.5, 0.5])},
    )
    bars = {trace.name: trace for trace in figure.data}
    assert list(bars["of the value"].x) == pytest.approx([70, 30])
    assert list(bars["of the images"].x) == pytest.approx([50, 50])
    assert figure.layout.yaxis.ticktext == ("Ada", "Ben")


def test_dots_of_shares_with_their_intervals_and_the_share_of_the_images() -> None:
    low, high = np.array([0.6, 0.3]), np.array([0.75, 0.4])
    figure = share_dots(
        ["Ada", "Ben"], np.array([0.7, 0.3]), (low, high), np.array([0.5, 0.5]), ["#111", "#222"]
    )
    ada, ben, images = figure.data[:3]
    assert [list(dot.x) for dot in (ada, ben)] == [pytest.approx([70]), pytest.approx([30])]
    assert list(ada.error_x.array) == pytest.approx([5])
    assert list(ada.error_x.arrayminus) == pytest.approx([10])
    assert list(ben.error_x.arrayminus) == [0]
    assert (ada.marker.color, ben.marker.color) == ("#111", "#222")
    assert list(images.x) == [50, 50] and images.name == "share of the images"
    assert "60 to 75 %" in ada.hovertemplate, "the interval can be read by hovering"
    assert figure.layout.yaxis.ticktext == ("Ada", "Ben")


def test_parts_of_one_bar() -> None:
    figure = parts_bar({"contributor": 1, "never near": 3}, ("#111", "#222"))
    assert [(part.name, list(part.x)) for part in figure.data] == [
        ("contributor: 1", [25]), ("never near: 3", [75]),
    ]  # fmt: skip
    assert list(parts_bar({"contributor": 0}, ("#111",)).data[0].x) == [0], "of no images"


def test_names_are_plain_text_and_short() -> None:
    figure = share_bars(["<a href='x'>" + "n" * 90], {"of the value": np.ones(1)})
    assert "<" not in json.dumps(figure.layout.yaxis.ticktext)
    assert figure.layout.yaxis.ticktext[0].endswith("…")
    assert "<a" not in figure.data[0].customdata[0]
    dots = share_dots(["<b>%{x}"], np.ones(1), (np.ones(1), np.ones(1)), np.ones(1), ["#000"])
    assert "<b>" not in dots.data[0].hovertemplate and "%{x}" not in dots.data[0].hovertemplate
    scatter = weighting_scatter(["<b>"], np.ones(1), np.ones(1))
    assert scatter.data[1].customdata == ("&lt;b&gt;",)


def test_the_scatter_keeps_the_most_valuable_and_drops_those_with_nothing() -> None:
    without = np.concatenate([np.zeros(5), RNG.random(9000), [50.0]])
    figure = weighting_scatter([str(i) for i in range(len(without))], without, without / 4)
    line, dots = figure.data
    assert dots.customdata[-1] == str(len(without) - 1)
    assert "0" not in dots.customdata
    assert list(line.y) == pytest.approx([0, 12.5])


def test_the_ranking_tells_standing_and_noise_apart() -> None:
    standing = ["never a candidate", "never a contributor", "contributor"]
    figure = ranking(
        np.array([0, 0, 0.4]), np.array([3, 2, 1.0]), standing, np.array([False, True, False])
    )
    drawn = {(t.name, t.yaxis): (list(t.x), list(t.y)) for t in figure.data}
    assert drawn["never near", "y"] == ([1], [0])
    assert drawn["known noise", "y2"] == ([2], [2])
    assert drawn["candidate only", "y"] == ([], [])
    assert drawn["contributor", "y"] == ([3], [0.4])


def test_noise_found_by_hand() -> None:
    figure = noise_found(np.array([True, False, True, False]))
    curve = next(t for t in figure.data if t.name == "this ranking")
    assert list(curve.x) == [0, 1, 2, 3, 4] and list(curve.y) == [0, 50, 50, 100, 100]


@pytest.mark.parametrize(("n", "most"), [(0, 5), (3, 5), (5, 5), (6, 5), (1000, 7)])
def test_thinning_keeps_both_ends(n: int, most: int) -> None:
    kept = thin(n, most)
    assert len(kept) <= most and (np.diff(kept) > 0).all()
    if n:
        assert kept[0] == 0 and kept[-1] == n - 1
