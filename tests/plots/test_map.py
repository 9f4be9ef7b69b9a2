"""The map: thinned by density, in colours, small enough for a browser."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from gmv_core.plots.map import (
    GENERATED,
    KINDS,
    MOST_DRAWN,
    MOST_KINDS,
    TRAINING,
    Amounts,
    kinds,
    map_figure,
    thin_by_density,
)

RNG = np.random.default_rng(0)


def numbers(found: Any) -> np.ndarray:  # noqa: ANN401  (as Plotly writes arrays)
    return np.frombuffer(base64.b64decode(found["bdata"]), found["dtype"])


def test_thinning_keeps_what_lies_alone() -> None:
    crowd = RNG.normal(size=(60_000, 2))
    alone = 8 + RNG.uniform(0, 40, (200, 2))
    points = np.concatenate([crowd, alone])
    kept = thin_by_density(points, 5_000)
    assert len(kept) == 5_000 and (np.diff(kept) > 0).all()
    assert (kept >= 60_000).sum() > 195  # a cell may hold two of them
    assert np.array_equal(kept, thin_by_density(points, 5_000))
    assert np.array_equal(thin_by_density(points[:50], 50), np.arange(50))


def test_thinning_of_one_place_keeps_as_many_as_asked_for() -> None:
    assert len(thin_by_density(np.ones((1000, 2)), 100)) == 100


def test_the_most_frequent_kinds_have_colours_of_their_own() -> None:
    codes = np.repeat(np.arange(14), np.arange(1, 15))
    names = [f"k{i}" for i in range(13)] + [""]
    found = kinds(np.append(codes, -1), names)
    assert found.names == names[3:13] and len(found.names) == MOST_KINDS
    found_codes = found.codes[:-1]
    assert (found_codes[codes < 3] == -1).all() and (found_codes[codes == 13] == -1).all()
    assert (found_codes[codes == 5] == 2).all() and found.codes[-1] == -1
    assert found.colours == dict(zip(found.names, KINDS, strict=True))


def test_a_figure_holds_every_point_once_in_the_colour_of_its_kind() -> None:
    points = RNG.normal(size=(40, 2)).astype(np.float32)
    ids = np.arange(100, 140)
    colour = kinds(np.arange(40) % 3 - 1, ["Ada", "Ben"], {"Ada": "#5b8def", "Ben": "#d97706"})
    drawn = map_figure(points, ids, colour).to_dict()["data"]
    assert [trace["name"] for trace in drawn] == ["others", "Ada", "Ben"]
    assert [trace["marker"]["color"] for trace in drawn][1:] == ["#5b8def", "#d97706"]
    seen = np.concatenate([numbers(trace["customdata"]) for trace in drawn])
    assert sorted(seen) == ids.tolist() and {trace["meta"] for trace in drawn} == {TRAINING}
    first = drawn[1]
    assert np.array_equal(numbers(first["x"]), points[numbers(first["customdata"]) - 100, 0])


def test_amounts_have_a_scale_and_those_without_stand_apart() -> None:
    amounts = np.array([0, 0.1, 1, 10, np.nan])
    points = RNG.normal(size=(5, 2)).astype(np.float32)
    none, some = map_figure(points, np.arange(5), Amounts(amounts, "value")).to_dict()["data"]
    assert numbers(none["customdata"]).tolist() == [0, 4]
    assert np.allclose(numbers(some["marker"]["color"]), [-1, 0, 1])
    signed = map_figure(points, np.arange(5), Amounts(amounts - 1, "x", signed=True))
    scale = signed.data[1].marker
    assert scale.cmin == -scale.cmax


def test_what_is_selected_is_drawn_though_it_was_thinned_away() -> None:
    points = RNG.normal(size=(MOST_DRAWN + 500, 2)).astype(np.float32)
    gone = np.setdiff1d(np.arange(len(points)), thin_by_density(points))[:3]
    selected = np.zeros(len(points), bool)
    selected[gone] = True
    figure = map_figure(points, np.arange(len(points)), selected=selected)
    (trace,) = figure.to_dict()["data"]
    drawn = numbers(trace["customdata"])
    assert np.isin(gone, drawn).all()
    assert np.array_equal(np.sort(drawn[figure.data[0].selectedpoints]), gone)


def test_generated_images_lie_over_them_without_the_rejected() -> None:
    points = RNG.normal(size=(20, 2)).astype(np.float32)
    generated = np.array([[0, 0], [np.nan, np.nan], [1, 1]], np.float32)
    figure = map_figure(points, np.arange(20), generated=generated, generated_ids=np.arange(3))
    over = figure.to_dict()["data"][-1]
    assert over["meta"] == GENERATED and numbers(over["customdata"]).tolist() == [0, 2]


def test_a_million_points_are_few_megabytes() -> None:
    n = 1_000_000
    points = RNG.normal(size=(n, 2)).astype(np.float32)
    figure = map_figure(
        points,
        np.arange(n),
        kinds(RNG.integers(0, 12, n), [f"owner {i}" for i in range(12)]),
        generated=points[:9000],
        generated_ids=np.arange(9000),
        selected=points[:, 0] > 0,
    )
    assert len(figure.to_json()) < 2_500_000


def test_names_that_a_figure_would_read_are_shown_as_they_are() -> None:
    points = RNG.normal(size=(2, 2)).astype(np.float32)
    figure = map_figure(points, np.arange(2), kinds(np.zeros(2, int), ["<b>x</b>"]))
    assert figure.data[0].name == "&lt;b&gt;x&lt;/b&gt;"
