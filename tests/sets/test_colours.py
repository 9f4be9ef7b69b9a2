"""Which rule made the colours of a set: said in its manifest, kept by what is added later."""

from __future__ import annotations

from pathlib import Path

import lance
import numpy as np
import pytest
from PIL import Image

from gmv_core import Workspace, add, build, open_source, value
from gmv_core.images.colour import CONVERTED, IGNORED
from gmv_core.settings import AS_STORED, SRGB
from gmv_core.store.columns import previews_of
from gmv_core.types import Embedder
from tests.fakes import change_json, write_images
from tests.images.profiles import SWAPPED, icc, in_space, photo

TAG = icc(SWAPPED, 2.2)


def write_tagged(folder: Path, count: int, *, seed: int = 0, tag: bytes = TAG) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        image = in_space(photo(48, seed + i), SWAPPED, 2.2)
        image.save(folder / f"{seed + i:03d}.png", icc_profile=tag)
    return folder


def pixels_of_set(workspace: Workspace, name: str, row: int) -> np.ndarray:
    return previews_of(workspace.image_set(name), np.array([row]))[0].astype(int)


def test_profiles_are_converted_counted_and_the_rule_is_said(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    folder = write_tagged(tmp_path / "a", 5)
    write_tagged(folder, 2, seed=50, tag=b"no profile at all")
    Image.fromarray(photo(48)).save(folder / "plain.png")
    made = build(workspace, open_source(folder), name="set", embedder=embedder)
    assert made.ingest.colours == SRGB
    assert made.notes == {CONVERTED: 5, IGNORED: 2}
    tagged, plain = pixels_of_set(workspace, "set", 0), pixels_of_set(workspace, "set", 7)
    assert np.abs(tagged - plain).max() <= 2


@pytest.fixture
def older(workspace: Workspace, tmp_path: Path, embedder: Embedder) -> Workspace:
    """A workspace with the set "old" as an earlier version wrote it: no rule, no notes."""
    source = open_source(write_images(tmp_path / "old", 12))
    build(workspace, source, name="old", embedder=embedder)
    images = workspace.image_set("old")
    lance.dataset(str(images.images.path)).drop_columns(["note", "digest"])
    ingest = {"max_pixels": 200_000_000, "preview_side_px": 256}
    change_json(images, ingest=ingest, notes={}, files={})
    return workspace


def test_a_set_of_an_earlier_version_stays_valid(
    older: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    assert older.image_set("old").manifest().ingest.colours == AS_STORED
    again = build(older, open_source(tmp_path / "old"), name="old", embedder=embedder)
    assert again.reused is True


def test_what_joins_an_older_set_follows_its_rule(
    older: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    more = open_source(write_tagged(tmp_path / "more", 2))
    grown = add(older, "old", more, embedder=embedder)
    assert (grown.ingest.colours, grown.notes) == (AS_STORED, {})
    stored = np.asarray(Image.open(tmp_path / "more" / "000.png"), int)
    assert np.array_equal(pixels_of_set(older, "old", 12), stored)
    made = open_source(write_tagged(tmp_path / "made", 2))
    value(older, made, against="old", name="run", embedder=embedder)
    assert older.image_set("run-generated").manifest().ingest.colours == AS_STORED
    assert np.array_equal(pixels_of_set(older, "run-generated", 0), stored)
