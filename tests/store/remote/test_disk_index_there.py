"""An index on the disk lies on an object store as well, and follows what is removed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmv_core import BuildSettings, IndexSettings, Workspace, build, open_source
from gmv_core.method.recall import exact_search, measured_recall
from gmv_core.sets.index import load_index
from gmv_core.sets.making.disk_index import DiskIndex
from gmv_core.sets.removal import remove
from gmv_core.store.columns import all_vectors
from gmv_core.store.manifests import SetManifest
from tests.fakes import FAKE, fake_embedder, write_images


@pytest.fixture(autouse=True)
def short_leases() -> None:
    """Leases as long as real ones: Lance's training may keep the server, here a thread, waiting."""


def check(place: Workspace, made: SetManifest) -> None:
    train = place.image_set("train")
    assert made.index is not None
    index = load_index(train, FAKE, made.index)
    assert isinstance(index, DiskIndex)
    ids, vectors = all_vectors(train.embeddings(FAKE))
    found = index.search(vectors[:20], 10).ids
    assert np.isin(found, ids).all() and len(index) == len(ids)
    assert measured_recall(found, exact_search(vectors[:20], [(ids, vectors)], k=10).ids) > 0.97


def test_it_is_built_searched_and_shrunk_there(place: Workspace, tmp_path: Path) -> None:
    source = open_source(write_images(tmp_path / "train", 620))
    settings = BuildSettings(index=IndexSettings("disk"))
    made = build(place, source, name="train", settings=settings, embedder=fake_embedder())
    check(place, made)
    made = remove(place, "train", list(source.names or [])[::20])
    assert made.index is not None and made.index.vectors == 620 - 31
    check(place, made)
