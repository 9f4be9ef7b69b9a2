"""Images leave a set without a new build; after a vacuum no byte of them is left."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gmv_core import (
    IndexSettings,
    Workspace,
    WorkspaceError,
    add,
    build,
    labels_for,
    open_run,
    open_source,
)
from gmv_core.audit.review.reviews import make_review
from gmv_core.audit.review.sampling import ReviewSettings
from gmv_core.jobs.vacuum import vacuum
from gmv_core.runs.influence import predict_influence
from gmv_core.runs.valuation import value
from gmv_core.sets import removal
from gmv_core.sets.contents import rejected, removed
from gmv_core.sets.index import load_index, shrink_index
from gmv_core.sets.layout import layout_table, make_layout
from gmv_core.sets.removal import erased_name, remove
from gmv_core.sets.soundness import damage
from gmv_core.settings import BuildSettings, RunSettings
from gmv_core.store.columns import all_vectors, previews, vectors_of
from gmv_core.store.marks import mark, marked
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.duplicates import find_clusters
from tests.built import write_csv
from tests.fakes import FAKE, fake_embedder, rows_of, write_images

pytestmark = pytest.mark.usefixtures("small_commits")


def write_valued(root: Path) -> None:
    """Write the set "train" of 24 images and a run against it, with influence and near copies."""
    workspace, source = Workspace(root / "home"), open_source(write_images(root / "train", 24))
    build(workspace, source, name="train", embedder=fake_embedder())
    made = open_source(write_images(root / "made", 10, first_seed=100))
    value(workspace, made, against="train", name="run", settings=RunSettings(influence=True),
          embedder=fake_embedder())  # fmt: skip
    find_clusters(workspace, "train", fake_embedder())


@pytest.fixture
def train(copied: Callable[..., None], workspace: Workspace) -> ImageSet:
    copied(write_valued)
    return workspace.image_set("train")


def best_of(workspace: Workspace, count: int) -> list[str]:
    values = open_run(workspace, "run").values_table().sort_values("value", ascending=False)
    return list(values["training"][:count])


def again(workspace: Workspace, root: Path, *, influence: bool = False) -> None:
    value(workspace, open_source(root / "made"), against="train", name="run",
          settings=RunSettings(influence=influence), embedder=fake_embedder())  # fmt: skip


def test_a_removed_image_earns_nothing_and_is_listed(
    train: ImageSet, workspace: Workspace, tmp_path: Path
) -> None:
    names, before = best_of(workspace, 3), rows_of(train.images)
    made = remove(workspace, "train", names)
    assert made.counts is not None
    assert (made.counts.ok, made.counts.removed, made.counts.rejected) == (21, 3, 0)
    assert sorted(removed(train)["name"]) == sorted(names) and rejected(train).empty
    with pytest.raises(WorkspaceError, match=r"removed since the run 'run'.*`value` command again"):
        open_run(workspace, "run")
    again(workspace, tmp_path)
    values = open_run(workspace, "run").values_table(("training", "id", "value"))
    assert not set(names) & set(values["training"])
    ids = dict(zip(before["name"].to_pylist(), before["id"].to_pylist(), strict=True))
    assert all(ids[n] == i for n, i in zip(values["training"], values["id"], strict=True))
    assert damage(train) == [] and damage(workspace.run("run")) == []


def test_what_stays_is_what_a_set_without_them_would_be(
    train: ImageSet, workspace: Workspace, tmp_path: Path
) -> None:
    names = best_of(workspace, 3)
    remove(workspace, "train", names)
    again(workspace, tmp_path, influence=True)
    shutil.copytree(tmp_path / "train", tmp_path / "fewer")
    for name in names:
        (tmp_path / "fewer" / name).unlink()
    build(workspace, open_source(tmp_path / "fewer"), name="fewer", embedder=fake_embedder())
    value(workspace, open_source(tmp_path / "made"), against="fewer", name="other",
          settings=RunSettings(influence=True), embedder=fake_embedder())  # fmt: skip
    one, other = (open_run(workspace, name) for name in ("run", "other"))
    values = [result.values_table().set_index("training") for result in (one, other)]
    assert values[0].round(5).equals(values[1].round(5))
    influences = [r.influence_totals().set_index("training")["influence"] for r in (one, other)]
    np.testing.assert_allclose(influences[0], influences[1][influences[0].index], atol=1e-9)
    assert one.training.manifest().typical == other.training.manifest().typical


def test_an_unknown_name_removes_nothing(train: ImageSet, workspace: Workspace) -> None:
    names = best_of(workspace, 1)
    with pytest.raises(WorkspaceError, match=r"no image 'nobody.png', so nothing is removed"):
        remove(workspace, "train", [*names, "nobody.png"])
    assert removed(train).empty
    assert open_run(workspace, "run")


def test_removing_again_changes_nothing(train: ImageSet, workspace: Workspace) -> None:
    names = best_of(workspace, 2)
    mark(train, [*names, "stays marked"])
    first = remove(workspace, "train", names)
    assert marked(train) == {"stays marked"}
    second = remove(workspace, "train", names)
    assert (first.reused, second.reused) == (False, True) and second.stamp == first.stamp


def test_what_was_removed_does_not_come_back(
    train: ImageSet, workspace: Workspace, tmp_path: Path
) -> None:
    names = best_of(workspace, 2)
    remove(workspace, "train", names)
    source = open_source(tmp_path / "train")
    assert build(workspace, source, name="train", embedder=fake_embedder()).reused
    shutil.copytree(tmp_path / "train", tmp_path / "copy")
    write_images(tmp_path / "copy", 26)
    made = add(workspace, "train", open_source(tmp_path / "copy"), embedder=fake_embedder())
    assert made.counts is not None and (made.counts.ok, made.counts.removed) == (24, 2)


def test_killed_between_its_steps_the_same_call_goes_on(
    train: ImageSet, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = best_of(workspace, 3)
    whole = Workspace(tmp_path / "whole")
    shutil.copytree(workspace.root, whole.root)
    remove(whole, "train", names)
    for step in ("forget_vectors", "describe", "shrink_index", "files_of"):
        with monkeypatch.context() as patch:
            patch.setattr(removal, step, lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                remove(workspace, "train", names)
        assert train.manifest().state == "building"
    remove(workspace, "train", names)
    other = whole.image_set("train")
    assert rows_of(train.images).equals(rows_of(other.images))
    assert rows_of(train.embeddings(FAKE)).equals(rows_of(other.embeddings(FAKE)))
    assert train.manifest().counts == other.manifest().counts


def test_a_build_finishes_a_removal_that_was_killed(
    train: ImageSet, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = best_of(workspace, 3)
    with monkeypatch.context() as patch:
        patch.setattr(removal, "forget_vectors", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            remove(workspace, "train", names)
    made = build(workspace, open_source(tmp_path / "train"), name="train", embedder=fake_embedder())
    assert made.index is not None and made.index.vectors == 21
    assert made.counts is not None and made.counts.removed == 3


def test_a_quantized_index_loses_its_codes(workspace: Workspace, tmp_path: Path) -> None:
    source = open_source(write_images(tmp_path / "many", 400))
    settings = BuildSettings(index=IndexSettings("sq8"))
    build(workspace, source, name="many", settings=settings, embedder=fake_embedder())
    many = workspace.image_set("many")
    names = list(source.names or [])[::3]
    made = remove(workspace, "many", names)
    assert made.index is not None and made.index.vectors == 400 - len(names)
    assert made.index.kind == "sq8" and made.index.recall > 0.95
    index = load_index(many, FAKE, made.index)
    ids, vectors = all_vectors(many.embeddings(FAKE))
    assert index.index.ntotal == len(ids)  # type: ignore[union-attr]
    found = index.search(vectors, 1)
    assert np.array_equal(found.ids[:, 0], ids)
    # An index that does not cover what it should is built anew.
    assert shrink_index(many, FAKE, made.index, ids[1:]).vectors == len(ids)


def files_with(root: Path, needles: dict[str, bytes]) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        yield from (f"{path}: {what}" for what, needle in needles.items() if needle in data)


def needles_of(train: ImageSet, names: list[str]) -> dict[str, bytes]:
    """Return what must be gone: names, previews, digests, vectors, sketches and small pixels."""
    table = rows_of(train.images)
    rows = np.array([table["name"].to_pylist().index(name) for name in names])
    found = {f"name {name}": name.encode() for name in names}
    for row, preview in zip(rows, previews(train, rows), strict=True):
        found[f"preview {row}"] = preview[40:120]
        found[f"digest {row}"] = table["sha256"][int(row)].as_py().encode()
        found[f"owner {row}"] = f"Owner of {row}".encode()
    stored = rows_of(train.embeddings(FAKE))
    for row in map(int, rows):
        vector = np.array(stored["vector"][row].as_py(), np.float16)
        found[f"vector {row}"] = vector.tobytes()
        found[f"vector in the reference {row}"] = vector.astype(np.float32).tobytes()
        found[f"sketch {row}"] = np.array(stored["features"][row].as_py(), np.int8).tobytes()[:64]
        for path in train.folder.glob("pixels-*.lance"):
            pixels = rows_of(train.table(path.stem))["pixels"][row].as_py()
            found[f"{path.stem} {row}"] = np.array(pixels, np.uint8).tobytes()[:64]
        if layout_table(train).exists():
            position = rows_of(layout_table(train))["position"][row].as_py()
            found[f"position {row}"] = np.array(position, np.float32).tobytes()
    return found


def test_a_vacuum_leaves_no_byte_of_them(workspace: Workspace, tmp_path: Path) -> None:
    write_images(tmp_path / "train" / "owned", 24)  # no generated image is called like that
    source = open_source(tmp_path / "train")
    owners = [["name", "owner"], *([n, f"Owner of {i}"] for i, n in enumerate(source.names or []))]
    write_csv(tmp_path / "owners.csv", owners)
    labels = labels_for(source, tmp_path / "owners.csv")
    build(workspace, source, name="train", labels=labels, embedder=fake_embedder())
    write_images(tmp_path / "made", 10, first_seed=100)
    again(workspace, tmp_path, influence=True)
    find_clusters(workspace, "train", fake_embedder())
    make_layout(workspace, "train")
    train = workspace.image_set("train")
    shutil.copy(tmp_path / "owners.csv", train.folder / "labels-0.csv")
    names = best_of(workspace, 3)
    mark(train, names)
    needles = needles_of(train, names)
    before = {line.rpartition(": ")[2] for line in files_with(workspace.root, needles)}
    # The reference leaves out all but one of images that lie on each other.
    assert {what for what in needles if "reference" not in what} <= before
    assert any("reference" in what for what in before)
    others = {
        row: value for row, value in enumerate(vectors_of(train.embeddings(FAKE), np.arange(24)))
    }
    remove(workspace, "train", names)
    gone = list(removed(train)["id"])
    again(workspace, tmp_path, influence=True)
    found = vacuum(workspace, "train")
    assert list(files_with(workspace.root, needles)) == []
    assert found.erased == {"train": 3} and found.freed_bytes > 0
    assert [sentence for sentence in found.left if str(tmp_path / "train") in sentence]
    # What stays is what it was: rows, vectors, the run that was valued since.
    assert list(removed(train)["name"]) == [erased_name(row) for row in gone]
    kept = vectors_of(train.embeddings(FAKE), np.arange(24))
    for row, vector in others.items():
        assert np.array_equal(kept[row], np.zeros(24) if row in gone else vector)
    assert open_run(workspace, "run").totals().value > 0
    assert damage(train) == [] and damage(workspace.run("run")) == []
    again_built = build(workspace, source, name="train", labels=labels, embedder=fake_embedder())
    assert again_built.reused
    predict_influence(workspace, "run")
    assert vacuum(workspace).erased == {"train": 0, "run-generated": 0}


def test_a_vacuum_says_what_it_leaves(
    train: ImageSet, workspace: Workspace, tmp_path: Path
) -> None:
    names = best_of(workspace, 2)
    build(workspace, open_source(tmp_path / "train"), name="twin", embedder=fake_embedder())
    (workspace.root / "notes.csv").write_text(f"name\n{names[0]}\n")
    make_review(workspace, "run", settings=ReviewSettings(pairs=1000))
    remove(workspace, "train", names)
    left = " ".join(vacuum(workspace, "train").left)
    assert "reviews.sqlite still names at least one of them; delete those with `gmv rev" in left
    assert "The run 'run' was valued with them; run its `value` command again" in left
    assert "The set 'twin' holds 2 images of the same bytes" in left
    assert f"{workspace.root / 'notes.csv'} still names at least one of them" in left
    assert vacuum(workspace, "train").left == ()


def test_a_vacuum_that_was_killed_goes_on(
    train: ImageSet, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = best_of(workspace, 2)
    needles = needles_of(train, names)
    remove(workspace, "train", names)
    with monkeypatch.context() as patch:
        patch.setattr("gmv_core.store.tables.table.Table.rewrite", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            vacuum(workspace, "train")
    assert vacuum(workspace, "train").erased == {"train": 2}
    assert list(files_with(train.folder, needles)) == []


def test_removed_images_stay_removed_where_the_table_is_damaged(
    train: ImageSet, workspace: Workspace, tmp_path: Path
) -> None:
    remove(workspace, "train", best_of(workspace, 2))
    for file in (train.images.path / "data").glob("*.lance"):
        file.unlink()
    with pytest.raises(WorkspaceError, match="some were removed since"):
        build(workspace, open_source(tmp_path / "train"), name="train", embedder=fake_embedder())
