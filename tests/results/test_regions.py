"""Regions of a run: maps that add up, sources that are known, sentences, images of no set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, WorkspaceError, open_run, predict_influence
from gmv_core.matching import regions as matching
from gmv_core.matching.matcher import embed_previews
from gmv_core.method.scales import relative_influence, relative_probes
from gmv_core.models.embedders.lite0 import load_lite0
from gmv_core.results.regions.maps import (
    RegionReader,
    open_regions,
    region_totals,
    regions,
    regions_of_pixels,
)
from gmv_core.runs.regions import prepare_regions
from gmv_core.sets.pixels import small_pixels
from gmv_core.settings import InfluenceSettings
from gmv_core.store.columns import previews_of
from tests.built import MOSAICS, write_mosaics
from tests.fakes import fake_embedder
from tests.mosaics import demo_pixels, mosaic_of

pytestmark = pytest.mark.models


@pytest.fixture
def place(copied: Callable[..., None], tmp_path: Path) -> Workspace:
    copied(write_mosaics)
    workspace = Workspace(tmp_path / "home")
    prepare_regions(workspace, "run")
    return workspace


@pytest.fixture
def reader(place: Workspace) -> RegionReader:
    return open_regions(open_run(place, "run"), embedder=fake_embedder())


@pytest.fixture
def influenced(place: Workspace) -> RegionReader:
    predict_influence(place, "run", settings=InfluenceSettings(8))
    return open_regions(open_run(place, "run"), embedder=fake_embedder())


def test_each_region_of_a_mosaic_names_its_source(reader: RegionReader) -> None:
    right = []
    for seed in range(MOSAICS):
        _, rows, truth = mosaic_of(demo_pixels(), seed=seed)
        found = regions(reader, f"{seed}.png")
        names = {f"{row:02d}.png" for row in rows}
        assert {one.training for one in found.explained[:4]} == names
        of = {one.row: int(one.training[:2]) for one in found.explained}
        right.append(np.mean(np.vectorize(of.get)(found.sources) == truth))
        assert sum(one.share for one in found.explained) == pytest.approx(1)
        assert [one.rank for one in found.explained] == [*range(1, len(found.explained) + 1)]
        assert all(one.owner == ("Ada" if int(one.training[:2]) % 2 else "Ben")
                   for one in found.explained)  # fmt: skip
        assert found.against == found.explained[0].training and found.recalled == 60
        assert found.sentences[2].startswith(
            f"Of the regions of {seed}.png, each given to the training image"
        )
    assert np.mean(right) >= 0.9


def test_alike_adds_up_to_the_feature_distance(reader: RegionReader) -> None:
    found = regions(reader, "0.png", "07.png")
    pixels, other = mosaic_of(demo_pixels(), seed=0)[0], demo_pixels()[7]
    vectors = embed_previews(load_lite0(), [pixels, other])[1]
    assert vectors is not None and found.alike.shape == (32, 32)
    distance = float(((vectors[0] - vectors[1]).astype(float) ** 2).sum())
    assert found.alike.sum() == pytest.approx(distance, rel=1e-6)
    assert "0.png and 07.png are" in found.sentences[0]


def test_a_mosaic_looks_most_alike_in_the_quadrant_of_its_source(reader: RegionReader) -> None:
    rows = mosaic_of(demo_pixels(), seed=1)[1]
    for q, row in enumerate(rows):
        alike = regions(reader, "1.png", f"{row:02d}.png").alike
        quarters = alike.reshape(2, 16, 2, 16).sum((1, 3)).ravel()
        assert quarters.argmin() == q


def test_without_predicted_influence_the_map_says_how_to_get_it(reader: RegionReader) -> None:
    found = regions(reader, "0.png")
    assert found.influence is None
    assert found.sentences[1] == (
        "The run run has no predicted influence yet; `gmv influence run` computes it."
    )


def test_the_influence_map_adds_up(influenced: RegionReader) -> None:
    model = influenced.model
    assert model is not None
    first = influenced.result.influence("2.png")[0]
    found = regions(influenced, "2.png", first.training)
    row = influenced.result.row_of(first.training, "training")
    (preview,) = previews_of(influenced.result.generated, np.array([
        influenced.result.row_of("2.png")]))  # fmt: skip
    g = small_pixels(preview, model.form)[None] / 255
    asked = relative_probes(model.scales, g, model.classes_of(g, np.array([""], object)))
    (x,) = previews_of(influenced.result.training, np.array([row]))
    x = small_pixels(x, model.form)[None] / 255
    pair = relative_influence(model.scales, asked, x, model.codes[[row]])[0, 0]
    assert found.influence is not None and found.influence.by_pixel.shape == (8, 8)
    assert found.influence.influence == pytest.approx(pair, rel=1e-4)
    assert found.influence.influence == pytest.approx(first.influence, rel=1e-3)
    assert found.sentences[1].startswith(
        f"Without {first.training} the linear models are predicted"
    )
    assert " % worse at 2.png: " in found.sentences[1]


def test_an_image_of_no_set_is_answered_as_one_of_the_run(influenced: RegionReader) -> None:
    pixels = mosaic_of(demo_pixels(), seed=0)[0]
    stored, dropped = regions(influenced, "0.png"), regions_of_pixels(influenced, pixels)
    np.testing.assert_array_equal(dropped.sources, stored.sources)
    np.testing.assert_array_equal(dropped.alike, stored.alike)
    assert dropped.explained == stored.explained
    assert stored.influence is not None and dropped.influence is not None
    np.testing.assert_array_equal(dropped.influence.by_pixel, stored.influence.by_pixel)
    assert "the image" in dropped.sentences[0]


def test_images_left_out_explain_nothing(place: Workspace) -> None:
    rows = mosaic_of(demo_pixels(), seed=0)[1]
    result = open_run(place, "run").leaving_out([f"{row:02d}.png" for row in rows[:2]])
    found = regions(open_regions(result, embedder=fake_embedder()), "0.png")
    names = {one.training for one in found.explained}
    assert found.recalled == 58 and not names & {f"{row:02d}.png" for row in rows[:2]}
    assert names >= {f"{row:02d}.png" for row in rows[2:]}


def test_quadrants_are_recalled_where_there_are_more_images_than_take_part(
    reader: RegionReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "RECALLED", 10)
    for seed in range(MOSAICS):
        rows = mosaic_of(demo_pixels(), seed=seed)[1]
        found = regions(reader, f"{seed}.png")
        assert found.recalled == 10
        assert {one.training for one in found.explained} >= {f"{row:02d}.png" for row in rows}


def test_totals_are_sums_over_the_images(reader: RegionReader) -> None:
    totals = region_totals(reader).set_index("training")
    assert totals["share"].sum() == pytest.approx(1)
    each = [regions(reader, f"{seed}.png") for seed in range(MOSAICS)]
    for name in totals.index[:5]:
        parts = [one for found in each for one in found.explained if one.training == name]
        shares = [one.share for one in parts]
        assert totals["share"][name] == pytest.approx(sum(shares) / MOSAICS)
        assert totals["images"][name] == np.count_nonzero(shares)


def test_rejected_and_unknown_images_are_sentences(reader: RegionReader) -> None:
    with pytest.raises(WorkspaceError, match=r"'broken.png' was rejected .*; name another"):
        regions(reader, "broken.png")
    with pytest.raises(WorkspaceError, match=r"'broken.png' was rejected .*; name another"):
        regions(reader, "0.png", "broken.png")
    with pytest.raises(WorkspaceError, match=r"has no training image 'nobody\.png'"):
        regions(reader, "0.png", "nobody.png")


def test_a_set_without_small_pixels_says_what_to_do(
    copied: Callable[..., None], tmp_path: Path
) -> None:
    copied(write_mosaics)
    result = open_run(Workspace(tmp_path / "home"), "run")
    with pytest.raises(WorkspaceError, match="`gmv regions RUN` stores them"):
        open_regions(result, embedder=fake_embedder())
