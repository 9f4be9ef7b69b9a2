"""The map of a set: kept with it, out of date when it changes, others placed by neighbours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import ModelError, Workspace, WorkspaceError, add, build, open_source
from gmv_core.sets import layout
from gmv_core.sets.layout import has_layout, make_layout, place_by, read_layout
from gmv_core.types import Progress
from tests.built import write_run
from tests.fakes import fake_embedder, write_images


@pytest.fixture
def place(copied: Callable[..., None], tmp_path: Path) -> Workspace:
    copied(write_run, "run", 5)
    return Workspace(tmp_path / "home")


def test_a_map_is_kept_and_the_same_when_made_anew(place: Workspace) -> None:
    images = place.image_set("run-set")
    assert not has_layout(images)
    with pytest.raises(WorkspaceError, match="no map of 'run-set' as it is now; `gmv map run-set`"):
        read_layout(images)
    record = make_layout(place, "run-set", seed=1)
    assert (record.images, record.fitted) == (24, 24)
    first = read_layout(images)
    assert first.shape == (24, 2) and np.isfinite(first).all()
    version = images.table("layout").open().version
    make_layout(place, "run-set", seed=1)
    assert images.table("layout").open().version == version  # nothing was left to do
    (images.folder / layout.RECORD).unlink()
    make_layout(place, "run-set", seed=1)
    assert np.array_equal(read_layout(images), first)
    make_layout(place, "run-set", seed=2)
    assert not np.array_equal(read_layout(images), first)


def test_a_set_that_grows_needs_another_map(place: Workspace, tmp_path: Path) -> None:
    make_layout(place, "run-set")
    more = open_source(write_images(tmp_path / "more", 3, first_seed=50))
    add(place, "run-set", more, embedder=fake_embedder())
    assert not has_layout(place.image_set("run-set"))
    make_layout(place, "run-set")
    assert len(read_layout(place.image_set("run-set"))) == 27


def test_beyond_the_sample_images_are_placed_by_their_neighbours(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "MOST_FITTED", 16)
    told: list[Progress] = []
    record = make_layout(place, "run-set", report=told.append)
    assert (record.images, record.fitted) == (24, 16)
    assert (told[0].stage, told[0].done, told[0].total) == ("layout", 0, 24)
    assert (told[-1].done, told[-1].total) == (24, 24)
    assert np.isfinite(read_layout(place.image_set("run-set"))).all()


def test_rejected_images_have_no_place(workspace: Workspace, tmp_path: Path) -> None:
    folder = write_images(tmp_path / "images", 12)
    (folder / "class0" / "broken.png").write_bytes(b"no image")
    build(workspace, open_source(folder), name="train", embedder=fake_embedder())
    make_layout(workspace, "train")
    table = workspace.image_set("train").images.read(["name", "status"]).to_pandas()
    nowhere = np.isnan(read_layout(workspace.image_set("train"))).all(axis=1)
    assert table["name"][nowhere].tolist() == ["class0/broken.png"]


def test_too_few_images_are_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    source = open_source(write_images(tmp_path / "images", 6))
    build(workspace, source, name="train", embedder=fake_embedder())
    with pytest.raises(ModelError, match="needs at least 10 images, and this set has 6"):
        make_layout(workspace, "train")


def test_the_nearest_candidates_decide_in_whatever_order_they_stand() -> None:
    positions = np.array([[0, 0], [9, 9], [5, 5]], np.float32)
    candidates, distances = np.array([[1, 0, -1]]), np.array([[1.0, 1e-9, np.inf]], np.float32)
    assert np.allclose(place_by(positions, candidates, distances), [[0, 0]], atol=1e-3)
