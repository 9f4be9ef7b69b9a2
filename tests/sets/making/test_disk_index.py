"""An index on the disk: what it finds, after images came and went, and after a kill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmv_core import IndexSettings, Workspace, add, build, open_source
from gmv_core.method.recall import exact_search, measured_recall
from gmv_core.sets.index import CODES, load_index
from gmv_core.sets.making import disk_index
from gmv_core.sets.making.disk_index import VECTORS, DiskIndex
from gmv_core.sets.removal import remove
from gmv_core.settings import BuildSettings
from gmv_core.store.columns import all_vectors, embedding_rows, vectors_of
from gmv_core.store.manifests import SetManifest
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet
from tests.fakes import FAKE, OneByOne, fake_embedder, png, rows_of, write_images

ON_DISK = BuildSettings(index=IndexSettings("disk"))
REJECTED = 40


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """700 images, and some that cannot be read: their vectors are zeros."""
    folder = write_images(tmp_path / "many", 700)
    for i in range(REJECTED):
        (folder / f"broken{i}.png").write_bytes(png(np.zeros((4, 4, 3), np.uint8))[:30])
    return folder


def make(workspace: Workspace, images: Path, settings: BuildSettings = ON_DISK) -> SetManifest:
    source = open_source(images)
    return build(workspace, source, name="many", settings=settings, embedder=fake_embedder())


def loaded(many: ImageSet, made: SetManifest) -> DiskIndex:
    assert made.index is not None and made.index.kind == "disk"
    index = load_index(many, FAKE, made.index)
    assert isinstance(index, DiskIndex)
    return index


def check(many: ImageSet, made: SetManifest) -> None:
    """Hold the index of a set against exact search of what the set's table has."""
    index = loaded(many, made)
    ids, vectors = all_vectors(many.embeddings(FAKE))
    stored = rows_of(Table(many.index_folder(FAKE) / VECTORS))
    assert stored["id"].to_pylist() == ids.tolist() and len(index) == len(ids)
    asked = vectors[::7]
    found, truth = index.search(asked, 20), exact_search(asked, [(ids, vectors)], k=20)
    assert np.isin(found.ids, ids).all()
    assert measured_recall(found.ids, truth.ids) > 0.97
    assert np.array_equal(found.ids[:, 0], truth.ids[:, 0])
    exact = np.linalg.norm(vectors_of(many.embeddings(FAKE), found.ids[0]) - asked[0], axis=1)
    assert found.distances[0] == pytest.approx(exact, abs=1e-6)
    assert made.index is not None and made.index.vectors == len(ids)
    assert made.index.recall > 0.97
    folders = list(Path(str(many.index_folder(FAKE)), VECTORS, "_indices").iterdir())
    assert len(folders) == 1  # no codes of earlier ones


def test_it_finds_the_neighbours_and_no_rejected_image(workspace: Workspace, images: Path) -> None:
    made = make(workspace, images)
    assert made.counts is not None and made.counts.rejected == REJECTED
    many = workspace.image_set("many")
    check(many, made)
    assert not Path(str(many.index_folder(FAKE)), CODES).exists()
    assert make(workspace, images).reused
    padded = loaded(many, made).search(vectors_of(many.embeddings(FAKE), np.array([50])), 800)
    assert padded.ids.shape == (1, 800) and (padded.ids[0, 700:] == -1).all()
    assert np.isinf(padded.distances[0, 700:]).all()


def test_another_kind_takes_its_files_away(workspace: Workspace, images: Path) -> None:
    make(workspace, images)
    many = workspace.image_set("many")
    make(workspace, images, BuildSettings(index=IndexSettings("sq8")))
    assert not Path(str(many.index_folder(FAKE)), VECTORS).exists()
    check(many, make(workspace, images))


def test_images_come_and_go(workspace: Workspace, images: Path, tmp_path: Path) -> None:
    make(workspace, images)
    many = workspace.image_set("many")
    names = list(open_source(images).names or [])
    gone = [name for name in names if "broken" not in name][::5]
    stored = vectors_of(many.embeddings(FAKE), np.arange(len(many.images)))
    rows = [many.images.read(["name"])["name"].to_pylist().index(name) for name in gone]
    folder = Path(str(many.index_folder(FAKE)), VECTORS)
    assert holds(folder, stored[rows]) == len(rows)
    check(many, remove(workspace, "many", gone))
    assert holds(folder, stored[rows]) == 0
    more = open_source(write_images(tmp_path / "more", 120, first_seed=900))
    made = add(workspace, "many", more, index=IndexSettings("disk"), embedder=fake_embedder())
    check(many, made)


def holds(folder: Path, vectors: np.ndarray) -> int:
    """Return how many vectors lie in the files of a folder, in half precision."""
    data = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return sum(vector.astype(np.float16).tobytes() in data for vector in vectors)


def test_where_few_are_left_every_one_is_compared(workspace: Workspace, images: Path) -> None:
    make(workspace, images)
    names = [name for name in open_source(images).names or [] if "broken" not in name]
    made = remove(workspace, "many", names[:200])
    assert made.index is not None
    assert (made.index.kind, made.index.asked, made.index.vectors) == ("exact", "disk", 500)


@pytest.mark.parametrize("step", ["_delete", "_train", "_judged"])
def test_killed_between_its_steps_the_same_call_goes_on(
    workspace: Workspace, images: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(disk_index, step, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(workspace, images)
    assert workspace.image_set("many").manifest().state == "building"
    check(workspace.image_set("many"), make(workspace, images))


def test_workers_share_the_coding(
    workspace: Workspace, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_index, "FRAGMENTS_AT_ONCE", 2)
    monkeypatch.setattr(disk_index, "BLOCK_ROWS", 100)
    monkeypatch.setattr("gmv_core.store.tables.table.FILE_ROWS", 100)
    made, workers = make(workspace, images), OneByOne()
    many = workspace.image_set("many")
    ids, vectors = all_vectors(many.embeddings(FAKE))
    queries = vectors[:50]
    truth = exact_search(queries, [(ids, vectors)], k=10).ids
    disk_index.drop_disk(many.index_folder(FAKE))
    report = disk_index.build_disk(
        many.index_folder(FAKE), many.embeddings(FAKE), queries=queries, truth=truth,
        workers=workers,
    )  # fmt: skip
    assert workers.batches >= 3 and report.recall > 0.97
    check(many, made)


@pytest.mark.parametrize("files", ["_indices/*/*", "data/*", "_versions/*"])
def test_damaged_files_are_made_anew(workspace: Workspace, images: Path, files: str) -> None:
    make(workspace, images)
    many = workspace.image_set("many")
    for path in Path(str(many.index_folder(FAKE)), VECTORS).glob(files):
        path.write_bytes(path.read_bytes()[:40])
    made = make(workspace, images)
    assert made.reused is False
    check(many, made)


def test_other_vectors_are_copied_anew(workspace: Workspace, images: Path) -> None:
    make(workspace, images)
    many, rng = workspace.image_set("many"), np.random.default_rng(0)
    table = Table(many.index_folder(FAKE) / VECTORS)
    first = rows_of(table)
    turned = np.linalg.qr(rng.normal(size=(24, 24)))[0].astype(np.float32)
    other = Table(many.folder / "other.lance")
    vectors = vectors_of(many.embeddings(FAKE), np.arange(len(many.images))) @ turned
    other.append(embedding_rows(0, vectors, None))
    disk_index._copy(other, table)
    ids = np.flatnonzero(vectors.any(axis=1))
    stored = rows_of(table)
    assert stored["id"].to_pylist() == ids.tolist() == first["id"].to_pylist()
    assert np.array_equal(np.stack(stored["vector"].to_pylist()), vectors[ids].astype(np.float16))
