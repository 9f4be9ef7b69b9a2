"""Building a set with a fake embedder: what it holds, what is reused, and what is a sentence."""

from __future__ import annotations

import shutil
import zipfile
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from gmv_core import IndexSettings, IngestSettings, SourceError, WorkspaceError, open_source
from gmv_core.errors import ModelError
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.sets.adding import KEY_BYTES
from gmv_core.sets.build import add, build
from gmv_core.sets.filling import ensure_embedded
from gmv_core.sets.index import load_index, load_reference
from gmv_core.settings import BuildSettings
from gmv_core.sources.labels import labels_for
from gmv_core.store.manifests import Counts, EmbedderEntry, SetManifest
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder, Progress
from tests.fakes import (
    FAKE,
    assert_same_set,
    draw,
    embed_one,
    fake_embedder,
    fake_vectors,
    png,
    rows_of,
    write_images,
)

pytestmark = pytest.mark.usefixtures("small_commits")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """20 images in three folders: three batches."""
    return write_images(tmp_path / "images", 20)


def make(workspace: Workspace, where: Path, embedder: Embedder, **settings: object) -> SetManifest:
    return build(
        workspace,
        open_source(where),
        name="train",
        settings=BuildSettings(**settings),  # type: ignore[arg-type]
        embedder=embedder,
    )


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


def test_another_embedder_embeds_the_previews_again(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    make(workspace, images, embedder)
    train = workspace.image_set("train")
    rows, version = rows_of(train.images), train.images.open().version
    other = from_callable(lambda p: -fake_vectors(p)[0], key="minus", side_px=8, dim=24)
    manifest = make(workspace, images, other)
    assert manifest.reused is False
    assert manifest.embedder.key == "minus"
    assert train.images.open().version == version
    assert rows_of(train.images).equals(rows)
    vectors = [rows_of(train.embeddings(k))["vector"].to_pylist() for k in (FAKE, "minus")]
    assert np.array_equal(np.stack(vectors[0]), -np.stack(vectors[1]))


def test_the_same_embedder_in_another_precision_embeds_again(
    workspace: Workspace, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gmv_core import EmbedSettings
    from gmv_core.sets import build as building

    def load(key: str, precision: str, given: None) -> Embedder:
        sign = -1 if precision == "bf16" else 1
        return from_callable(lambda p: sign * fake_vectors(p)[0], key=FAKE, side_px=8, dim=24)

    monkeypatch.setattr(building, "resolve_embedder", lambda key: (FAKE, "of the test"))
    monkeypatch.setattr(building, "resolve_precision", lambda precision: precision)
    monkeypatch.setattr(building, "reload_embedder", load)
    source = open_source(images)
    found = []
    for precision in ("fp32", "bf16"):
        settings = BuildSettings(embed=EmbedSettings(FAKE, precision))
        manifest = build(workspace, source, name="train", settings=settings)
        assert manifest.embedder.precision == precision
        vectors = rows_of(workspace.image_set("train").embeddings(FAKE))["vector"].to_pylist()
        found.append(np.stack(vectors))
    assert np.array_equal(found[0], -found[1])


def test_a_precision_is_remembered_over_another_embedder(
    workspace: Workspace, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gmv_core import EmbedSettings
    from gmv_core.sets import build as building
    from gmv_core.sets import filling

    def load(key: str, precision: str, given: None) -> Embedder:
        sign = -1 if precision == "bf16" else 1
        return from_callable(lambda p: sign * fake_vectors(p)[0], key=key, side_px=8, dim=24)

    monkeypatch.setattr(building, "resolve_embedder", lambda key: (key, "of the test"))
    monkeypatch.setattr(building, "resolve_precision", lambda precision: precision)
    monkeypatch.setattr(building, "reload_embedder", load)
    monkeypatch.setattr(filling, "reload_embedder", load)
    source = open_source(images)
    for key, precision in (("one", "fp32"), ("two", "fp32"), ("one", "bf16")):
        build(
            workspace,
            source,
            name="train",
            settings=BuildSettings(embed=EmbedSettings(key, precision)),
        )
    train = workspace.image_set("train")

    def vectors(key: str) -> np.ndarray:
        return np.stack(rows_of(train.embeddings(key))["vector"].to_pylist())

    assert np.array_equal(vectors("one"), -vectors("two"))
    # As the generated set of a run: another embedder's vectors follow, its own are never swapped.
    ensure_embedded(train, EmbedderEntry("two", "bf16"), embedder=None)
    assert np.array_equal(vectors("one"), vectors("two"))
    assert train.manifest().state == "ready"
    with pytest.raises(WorkspaceError, match="in bf16 and the training set in fp32; build"):
        ensure_embedded(train, EmbedderEntry("one", "fp32"), embedder=None)


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


def test_too_few_images_for_the_index_asked_for_is_a_sentence(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    from gmv_core import SettingsError

    with pytest.raises(SettingsError, match="needs at least 256 images and this set has 20"):
        make(workspace, images, embedder, index=IndexSettings("pq"))
    assert make(workspace, images, embedder).state == "ready"  # goes on from there


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


def test_add_takes_new_images_and_keeps_other_pictures_of_a_known_name(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    make(workspace, images, embedder)
    train = workspace.image_set("train")
    before = rows_of(train.images)
    more = write_images(tmp_path / "more", 32)  # the first 20 by name are there
    (more / "class0" / "0000.png").write_bytes(png(draw(500)))
    (more / "class1" / "0001.png").write_bytes(png(draw(1)) + b"other bytes, same pixels")
    manifest = add(workspace, "train", open_source(more), embedder=embedder)
    rows = rows_of(train.images)
    assert rows.slice(0, 20).equals(before)  # an image of a known name is not replaced
    assert rows["id"].to_pylist() == list(range(33))
    renamed, *added = rows["name"].to_pylist()[20:]
    assert renamed == "more/class0/0000.png" and rows["label"].to_pylist()[20] == "class0"
    assert added == sorted(f"class{i % 3}/{i:04d}.png" for i in range(20, 32))
    stored = np.stack(rows_of(train.embeddings(FAKE))["vector"].to_pylist()).astype(np.float32)
    drawn = [embed_one(draw(500)), *(embed_one(draw(int(n[7:11]))) for n in added)]
    assert np.array_equal(stored[20:], np.stack(drawn))
    assert manifest.counts.images == manifest.index.vectors == 33
    assert [s.first_row for s in manifest.sources] == [0, 20]
    last = manifest.sources[-1]
    assert (last.renamed, last.skipped) == (1, {"image that the set already has": 19})
    again = add(workspace, "train", open_source(more), embedder=embedder)
    assert again.counts.images == 33


def test_add_knows_every_name(workspace: Workspace, embedder: Embedder, tmp_path: Path) -> None:
    """Also one whose digest ends in a zero byte, which NumPy cuts off."""
    names = (f"{i}.png" for i in range(10_000))
    name = next(n for n in names if blake2b(n.encode(), digest_size=KEY_BYTES).digest()[-1] == 0)
    for folder, others in (("a", (1, 2)), ("b", (2, 3))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(png(draw(0)))
        for i in others:
            (tmp_path / folder / f"other-{i}.png").write_bytes(png(draw(i)))
    make(workspace, tmp_path / "a", embedder)
    manifest = add(workspace, "train", open_source(tmp_path / "b"), embedder=embedder)
    assert manifest.counts.images == 4
    assert manifest.sources[-1].skipped == {"image that the set already has": 2}


def test_building_again_after_add_is_reuse(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    make(workspace, images, embedder)
    more = write_images(tmp_path / "more", 32)
    add(workspace, "train", open_source(more), embedder=embedder)
    again = make(workspace, images, embedder)
    assert again.reused is True
    assert again.counts.images == 32


def test_add_to_nothing_is_a_sentence(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    with pytest.raises(WorkspaceError, match="There is no set named 'train'"):
        add(workspace, "train", open_source(images), embedder=embedder)


def test_an_embedder_from_python_must_be_given_again(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    make(workspace, images, embedder)
    more = open_source(write_images(tmp_path / "more", 25))
    with pytest.raises(ModelError, match="built with the embedder 'fake' given from Python; give"):
        add(workspace, "train", more)
    other = from_callable(lambda p: fake_vectors(p)[0], key="other", side_px=8, dim=24)
    with pytest.raises(ModelError, match="with the embedder 'fake' and 'other' was given"):
        add(workspace, "train", more, embedder=other)
    # Neither left anything behind.
    assert make(workspace, images, embedder).reused is True


def test_a_stale_index_is_a_sentence(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    manifest = make(workspace, images, embedder)
    train = workspace.image_set("train")
    train.embeddings(FAKE).append(rows_of(train.embeddings(FAKE)).slice(0, 1))
    with pytest.raises(WorkspaceError, match="covers 20 images and the set has 21; run its build"):
        load_index(train, FAKE, manifest.index)


def test_vectors_of_another_embedder_are_made_from_the_previews(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    make(workspace, images, embedder)
    train = workspace.image_set("train")
    other = from_callable(lambda p: -fake_vectors(p)[0], key="minus", side_px=8, dim=24)
    ensure_embedded(train, EmbedderEntry("minus", "own"), embedder=other)
    vectors = [rows_of(train.embeddings(k))["vector"].to_pylist() for k in (FAKE, "minus")]
    assert np.array_equal(np.stack(vectors[0]), -np.stack(vectors[1]))


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


def test_an_embedder_without_features_stores_no_sketch(workspace: Workspace, images: Path) -> None:
    manifest = make(workspace, images, fake_embedder(features=False))
    assert manifest.embedder.has_features is False
    assert rows_of(workspace.image_set("train").embeddings(FAKE)).column_names == [
        "id",
        "vector",
        "digest",
    ]


def test_an_embedder_that_breaks_its_promise_is_a_sentence(
    workspace: Workspace, images: Path
) -> None:
    from gmv_core import SettingsError

    liar = from_callable(lambda p: fake_vectors(p)[0], key="liar", side_px=8, dim=23)
    with pytest.raises(SettingsError, match=r"shape \(8, 24\); it promised \(8, 23\)"):
        make(workspace, images, liar)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_vector_without_a_direction_is_a_sentence(
    workspace: Workspace, images: Path, bad: float
) -> None:
    from gmv_core import SettingsError

    broken = from_callable(
        lambda p: np.full((len(p), 24), bad, np.float32), key="broken", side_px=8, dim=24
    )
    with pytest.raises(SettingsError, match=r"'broken' returned .* return finite vectors"):
        make(workspace, images, broken)


def test_a_source_without_images_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError):
        open_source(tmp_path / "empty")
