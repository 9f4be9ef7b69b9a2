"""The index of a set and the reference of realism that is stored with it."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from gmv_core import IndexSettings, WorkspaceError, open_source
from gmv_core.errors import ModelError
from gmv_core.sets.build import build
from gmv_core.sets.index import CODES, REFERENCE, load_index, load_reference
from gmv_core.store.columns import vectors_of
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder
from tests.fakes import FAKE, draw, embed_one, rows_of, write_images
from tests.sets.conftest import make

pytestmark = pytest.mark.usefixtures("small_commits")


def test_another_index_is_built_without_embedding_again(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    images = write_images(tmp_path / "many", 300)
    make(workspace, images, embedder)
    train = workspace.image_set("train")
    version = train.embeddings(FAKE).open().version
    manifest = make(workspace, images, embedder, index=IndexSettings("sq8"))
    assert manifest.reused is False
    assert (manifest.index.kind, manifest.index.vectors) == ("sq8", 300)
    assert manifest.index.recall > 0.9
    assert train.embeddings(FAKE).open().version == version
    assert make(workspace, images, embedder, index=IndexSettings("sq8")).reused is True
    index = load_index(train, FAKE, manifest.index)
    asked = embed_one(draw(17))[None]
    exact = load_index(train, FAKE, make(workspace, images, embedder).index)
    assert index.search(asked, 10).ids.tolist() == exact.search(asked, 10).ids.tolist()
    assert index.search(asked, 1).distances.tolist() == [[0]]


def test_an_index_that_is_being_replaced_is_a_sentence(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    images = write_images(tmp_path / "many", 300)
    manifest = make(workspace, images, embedder, index=IndexSettings("sq8"))
    train = workspace.image_set("train")
    codes = faiss.read_index(str(train.index_folder(FAKE) / CODES))
    codes.remove_ids(np.arange(3))
    faiss.write_index(codes, str(train.index_folder(FAKE) / CODES))
    with pytest.raises(WorkspaceError, match="covers 297 images and the set has 300; do the same"):
        load_index(train, FAKE, manifest.index)


def test_too_few_images_for_the_index_asked_for_is_a_sentence(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    from gmv_core import SettingsError

    with pytest.raises(SettingsError, match="needs at least 256 images and this set has 20"):
        make(workspace, images, embedder, index=IndexSettings("pq"))
    assert make(workspace, images, embedder).state == "ready"  # goes on from there


def test_a_stale_index_is_a_sentence(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    manifest = make(workspace, images, embedder)
    train = workspace.image_set("train")
    train.embeddings(FAKE).append(rows_of(train.embeddings(FAKE)).slice(0, 1))
    with pytest.raises(WorkspaceError, match="covers 20 images and the set has 21; run its build"):
        load_index(train, FAKE, manifest.index)


def test_the_reference_of_realism_is_stored_with_the_index(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    make(workspace, images, embedder)
    train = workspace.image_set("train")
    reference = load_reference(train, FAKE)
    assert len(reference.own) == 20
    small = Workspace(tmp_path / "small")
    build(small, open_source(write_images(tmp_path / "few", 9)), name="train", embedder=embedder)
    with pytest.raises(ModelError, match="at least 10 training images and there are 9"):
        load_reference(small.image_set("train"), FAKE)


@pytest.mark.parametrize("seed", [0, 3])
def test_a_reference_made_later_is_drawn_by_the_seed_of_the_index(
    workspace: Workspace,
    images: Path,
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr("gmv_core.sets.index.MAX_REFERENCE", 12)
    make(workspace, images, embedder, index=IndexSettings(seed=seed))
    train = workspace.image_set("train")
    stored = load_reference(train, FAKE)
    (train.index_folder(FAKE) / REFERENCE).unlink()
    again = load_reference(train, FAKE)
    assert (stored.own == again.own).all() and (stored.vectors == again.vectors).all()
    clusters = np.arange(20)
    clusters[7] = 2
    rows = np.sort(np.random.default_rng(seed).permutation(np.delete(np.arange(20), 7))[:12])
    drawn = vectors_of(train.embeddings(FAKE), rows)
    found = load_reference(train, FAKE, clusters).vectors
    assert {row.tobytes() for row in found} <= {row.tobytes() for row in drawn}
