"""Building a set with a fake embedder: what it holds, what is reused, and what is a sentence."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from gmv_core import IngestSettings, SourceError, WorkspaceError, open_source
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.sets.build import add, build
from gmv_core.sets.index import load_index
from gmv_core.settings import BuildSettings
from gmv_core.sources.labels import labels_for
from gmv_core.store.manifests import Counts, SetManifest
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder, Progress
from tests.fakes import FAKE, assert_same_set, draw, embed_one, png, rows_of, write_images
from tests.sets.conftest import make

pytestmark = pytest.mark.usefixtures("small_commits")


def test_a_folder_becomes_a_set(workspace: Workspace, images: Path, embedder: Embedder) -> None:
    steps: list[Progress] = []
    manifest = build(
        workspace, open_source(images), name="train", embedder=embedder, report=steps.append
    )
    train = workspace.image_set("train")
    rows, vectors = rows_of(train.images), rows_of(train.embeddings(FAKE))
    names = sorted(f"class{i % 3}/{i:04d}.png" for i in range(20))
    assert rows["id"].to_pylist() == vectors["id"].to_pylist() == list(range(20))
    assert rows["name"].to_pylist() == names
    assert rows["label"].to_pylist() == [name[:6] for name in names]
    assert set(rows["status"].to_pylist()) == {"ok"}
    assert set(zip(rows["width"].to_pylist(), rows["height"].to_pylist(), strict=True)) == {
        (24, 24)
    }
    stored = np.stack(vectors["vector"].to_pylist()).astype(np.float32)
    expected = [embed_one(draw(int(name[7:11]))) for name in names]
    assert np.array_equal(stored, np.stack(expected))
    assert manifest.counts == Counts(images=20, ok=20, rejected=0, duplicates=0, labels=3, owners=0)
    assert manifest.state == "ready"
    assert manifest.reused is False
    assert replace(train.manifest(), reused=False) == manifest
    embedded = [s.done for s in steps if s.stage == "embed"]
    assert embedded == [8, 16, 20]
    assert steps[-1] == Progress("done", 20, 20)


def test_a_zip_gives_the_same_rows_as_its_folder(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    packed = tmp_path / "images.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(images.rglob("*.png")):
            archive.write(path, path.relative_to(images))
    make(workspace, images, embedder)
    other = Workspace(tmp_path / "other")
    make(other, packed, embedder)
    assert_same_set(workspace.image_set("train"), other.image_set("train"))


def test_the_batch_size_changes_nothing(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    from gmv_core import EmbedSettings

    make(workspace, images, embedder)
    other = Workspace(tmp_path / "other")
    make(other, images, embedder, embed=EmbedSettings(batch_size=3))
    assert_same_set(workspace.image_set("train"), other.image_set("train"))


def test_a_rejected_image_keeps_its_row(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    (images / "class0" / "0003.png").write_bytes(png(draw(3))[:60])
    (images / "class1" / "0004.png").write_bytes(b"")
    manifest = make(workspace, images, embedder)
    train = workspace.image_set("train")
    rows = {r["name"]: r for r in rows_of(train.images).to_pylist()}
    assert len(rows) == 20
    broken, empty = rows["class0/0003.png"], rows["class1/0004.png"]
    assert broken["status"] not in ("", "ok")
    assert empty["status"] == "0 bytes"
    assert (broken["width"], broken["preview"], broken["size_bytes"]) == (0, b"", 60)
    assert broken["label"] == "class0"
    assert (manifest.counts.ok, manifest.counts.rejected) == (18, 2)
    vectors = np.stack(rows_of(train.embeddings(FAKE))["vector"].to_pylist())
    rejected = np.flatnonzero(~vectors.any(axis=1))
    assert rejected.tolist() == sorted([broken["id"], empty["id"]])
    index = load_index(train, FAKE, manifest.index)
    assert index.ids.tolist() == [i for i in range(20) if i not in rejected]
    # The vectors behind the rejected ones have not shifted.
    last = rows["class2/0017.png"]
    assert np.array_equal(vectors[last["id"]].astype(np.float32), embed_one(draw(17)))


def test_exact_duplicates_are_counted_and_kept(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    for i in range(3):
        shutil.copy(images / "class0" / "0000.png", images / "class0" / f"copy{i}.png")
    counts = make(workspace, images, embedder).counts
    assert (counts.images, counts.ok, counts.duplicates) == (23, 23, 3)


def test_a_label_table_beside_the_images_is_used(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    (images / "labels.csv").write_text(
        "name,label,owner,hat\nclass0/0000.png,zero,Ada,yes\nclass0/0003.png,,Bo,\nnowhere.png,a,b,\n"
    )
    source = open_source(images)
    manifest = build(
        workspace, source, name="train", labels=labels_for(source, None), embedder=embedder
    )
    rows = {r["name"]: r for r in rows_of(workspace.image_set("train").images).to_pylist()}
    told = {k: rows["class0/0000.png"][k] for k in ("label", "owner", "attributes")}
    assert told == {"label": "zero", "owner": "Ada", "attributes": '{"hat": "yes"}'}
    assert rows["class0/0003.png"]["label"] == "class0"  # an empty cell says nothing
    assert rows["class0/0003.png"]["owner"] == "Bo"
    assert manifest.counts.owners == 2
    assert manifest.labels.images_without_row == 18
    assert manifest.labels.rows_without_image == 1


def test_the_same_command_again_does_nothing(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    first = make(workspace, images, embedder)
    folder = workspace.image_set("train").folder
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}

    def refuse(pixels: object) -> None:
        raise AssertionError("embedded again")

    silent = from_callable(refuse, key=FAKE, side_px=8, dim=24)  # type: ignore[arg-type]
    again = make(workspace, images, silent)
    assert again == replace(first, reused=True)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()} == before


def test_changed_content_is_a_sentence(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    make(workspace, images, embedder)
    elsewhere = write_images(tmp_path / "elsewhere", 3)
    with pytest.raises(WorkspaceError, match=r"'train' is taken: that set was built from [^,]*;"):
        make(workspace, elsewhere, embedder)
    (images / "class0" / "new.png").write_bytes(png(draw(99)))
    with pytest.raises(WorkspaceError, match=r"content or labels have changed since; choose anot"):
        make(workspace, images, embedder)


def test_changed_labels_and_other_ingest_settings_are_sentences(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    csv, source = tmp_path / "owners.csv", open_source(images)
    csv.write_text("name,owner\n0000.png,Ada\n")

    def labelled() -> SetManifest:
        return build(
            workspace, source, name="train", labels=labels_for(source, csv), embedder=embedder
        )

    labelled()
    assert labelled().reused is True
    csv.write_text("name,owner\n0000.png,Bo\n")
    with pytest.raises(WorkspaceError, match="content or labels have changed since"):
        labelled()
    csv.write_text("name,owner\n0000.png,Ada\n")
    settings = BuildSettings(ingest=IngestSettings(preview_side_px=64))
    with pytest.raises(WorkspaceError, match="was built with other ingest settings"):
        build(
            workspace, source, name="train", labels=labels_for(source, csv), settings=settings,
            embedder=embedder,
        )  # fmt: skip


def test_nothing_but_rejected_images_is_a_set_without_an_index(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    folder = write_images(tmp_path / "broken", 3)
    for path in folder.rglob("*.png"):
        path.write_bytes(path.read_bytes()[:40])
    manifest = make(workspace, folder, embedder)
    assert (manifest.counts.ok, manifest.counts.rejected) == (0, 3)
    assert manifest.index.vectors == 0
    assert manifest.state == "empty", "a set of nothing is not ready"
    again = make(workspace, folder, embedder)
    assert (again.state, again.counts.images) == ("empty", 3)
    more = add(workspace, "train", open_source(write_images(tmp_path / "m", 4)), embedder=embedder)
    assert (more.state, more.counts.ok) == ("ready", 4)


def test_a_source_without_images_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError):
        open_source(tmp_path / "empty")
