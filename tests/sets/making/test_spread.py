"""A build that is shared among workers makes the rows of one that is not, whatever it reads."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core import (
    BuildSettings,
    ClusterError,
    SourceError,
    Workspace,
    build,
    labels_for,
    open_source,
)
from gmv_core.cluster.workers import Held, Item, Result
from gmv_core.sets.build import add
from gmv_core.sets.making import spread
from gmv_core.sources.source import Source
from gmv_core.store.tables import parts
from tests.built import write_csv
from tests.fakes import FAKE, OneByOne, assert_same_set, draw, fake_embedder, png, write_images
from tests.sources.conftest import tarred


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "COMMIT_ROWS", 8)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of 20 images: one broken, one with a file beside it, one with an unreadable one."""
    folder = write_images(tmp_path / "train", 20)
    (folder / "class1" / "0010.png").write_bytes(png(draw(10))[:70])
    (folder / "class0" / "0003.json").write_text(json.dumps({"owner": "Ada", "year": 1999}))
    (folder / "class2" / "0005.json").write_text("{")
    return folder


def zip_of(folder: Path) -> Path:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, path.relative_to(folder))
    return folder.with_suffix(".zip")


def tar_of(folder: Path) -> Path:
    files = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.*"))}
    return tarred(folder.with_suffix(".tar"), files)


def parquet_of(folder: Path) -> Path:
    """Write two files of rows in groups of 7."""
    rows = [
        {"image": {"bytes": path.read_bytes(), "path": path.name}, "label": path.parent.name}
        for path in sorted(folder.rglob("*.png"))
    ]
    place = folder.with_name("parquet")
    place.mkdir()
    for number, part in enumerate((rows[:11], rows[11:])):
        pq.write_table(pa.Table.from_pylist(part), place / f"{number}.parquet", row_group_size=7)
    return place


KINDS = {"folder": Path, "zip": zip_of, "tar": tar_of, "parquet": parquet_of}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("labelled", [False, True])
def test_the_rows_are_those_of_one_process(
    images: Path, workspace: Workspace, tmp_path: Path, kind: str, labelled: bool
) -> None:
    place = KINDS[kind](images)
    for name, workers in (("here", None), ("there", OneByOne())):
        source = open_source(place)
        labels = None
        if labelled:
            names = [image.name for image in source.read()]
            rows = [[name, "cat", "Ben"] for name in names[::2]]
            write_csv(tmp_path / "owners.csv", [["name", "label", "owner"], *rows])
            labels = labels_for(source, tmp_path / "owners.csv")
        build(workspace, source, name=name, labels=labels, embedder=fake_embedder(),
              workers=workers)  # fmt: skip
    here, there = (workspace.image_set(name) for name in ("here", "there"))
    assert_same_set(here, there)
    assert workers is not None and workers.batches == 3
    one, other = (images.manifest().sources[0] for images in (here, there))
    assert one.skipped == other.skipped and one.labelled == other.labelled
    if kind == "folder":
        assert "unreadable .json file" in one.skipped


@pytest.mark.parametrize("kind", ["folder", "parquet"])
def test_a_part_is_what_reading_gives_there(images: Path, kind: str) -> None:
    source = open_source(KINDS[kind](images))
    whole = list(source.read())
    assert source.part is not None
    for start, stop in ((0, 1), (3, 3), (6, 15), (19, 20), (0, 20)):
        assert list(source.part(start, stop)(Counter())) == whole[start:stop]


def test_what_is_added_goes_on_behind_what_is_there(
    images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    more = open_source(write_images(tmp_path / "more", 11, first_seed=50))
    for name, workers in (("here", None), ("there", OneByOne())):
        build(workspace, open_source(images), name=name, embedder=fake_embedder(), workers=workers)
        add(workspace, name, more, embedder=fake_embedder(), workers=workers)
    assert_same_set(workspace.image_set("here"), workspace.image_set("there"))


def test_vectors_that_are_missing_are_made_from_what_is_stored(
    images: Path, workspace: Workspace
) -> None:
    source, workers = open_source(images), OneByOne()
    for name in ("here", "there"):
        build(workspace, source, name=name, embedder=fake_embedder())
    there = workspace.image_set("there")
    there.embeddings(FAKE).cut(5)
    build(workspace, source, name="there", embedder=fake_embedder(), workers=workers)
    assert_same_set(workspace.image_set("here"), there)
    assert workers.batches == 2


class AllAtOnce(OneByOne):
    """Workers that are done with every batch before the first is committed."""

    def in_order(
        self,
        load: Callable[[], Held],
        work: Callable[[Held, Item], Result],
        items: Iterable[Item],
    ) -> Iterator[Result]:
        yield from list(super().in_order(load, work, items))


def test_what_is_not_committed_yet_outlives_the_merging_of_files(
    images: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "COMMIT_ROWS", 2)
    monkeypatch.setattr(parts, "MERGED_COMMITS", 4)
    for name, workers in (("here", None), ("there", AllAtOnce())):
        build(workspace, open_source(images), name=name, embedder=fake_embedder(), workers=workers)
    assert_same_set(workspace.image_set("here"), workspace.image_set("there"))
    files = workspace.image_set("there").images.path / "data"
    assert len(list(files.iterdir())) == 1, "what was merged is deleted"


def test_large_images_are_sent_a_few_at_a_time(
    images: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "SENT_BYTES", 1)
    workers = OneByOne()
    build(workspace, open_source(zip_of(images)), name="there", embedder=fake_embedder(),
          workers=workers)  # fmt: skip
    assert workers.batches == 20 == len(workspace.image_set("there").images)


def test_a_machine_that_sees_another_workspace_or_no_images_writes_nothing(
    images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    source = open_source(images)
    build(workspace, source, name="train", embedder=fake_embedder())
    target = workspace.image_set("train")
    recipe = spread.recipe_of(target, target.manifest(), BuildSettings(), given=fake_embedder())
    elsewhere = Workspace(tmp_path / "elsewhere").image_set("train")
    assert spread.bench_of(recipe).recipe == recipe
    for other in (
        replace(recipe, target=elsewhere),
        replace(recipe, created="2020"),
        replace(recipe, location=str(tmp_path / "nothing")),
    ):
        with pytest.raises(ClusterError, match="does not see"):
            spread.bench_of(other)
    assert not elsewhere.folder.exists()


def test_a_source_that_shrinks_while_it_is_read_is_said(
    images: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(images)
    whole = source.part
    assert whole is not None
    shorter: Source = replace(source, part=lambda start, stop: whole(start, stop - 1))
    with pytest.raises(SourceError, match="7 of 8 images"):
        build(workspace, shorter, name="train", embedder=fake_embedder(), workers=OneByOne())
