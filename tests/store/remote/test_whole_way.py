"""Build, value, read, mark, review and delete on an object store: as on a disk."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import numpy as np
import pyarrow as pa
import pytest

from gmv_core import (
    ReviewSettings,
    Workspace,
    WorkspaceError,
    decide,
    join_review,
    make_review,
    open_run,
)
from gmv_core.audit.evidence import evidence_root
from gmv_core.audit.review.reviews import list_reviews, reviews_table
from gmv_core.jobs.deletion import delete
from gmv_core.jobs.vacuum import vacuum
from gmv_core.results.export import export
from gmv_core.sets.removal import remove
from gmv_core.sets.soundness import damage
from gmv_core.store.marks import mark, marked
from gmv_core.store.remote.objects import ObjectPath
from gmv_core.store.selections import save_selection, selections
from gmv_core.store.tables.damage import damage_of
from gmv_core.store.tables.parts import append_parts, write_part
from gmv_core.store.tables.table import Table
from tests.fakes import assert_same_run, assert_same_set
from tests.sets.making.killed import build_train, killed_after, value_made
from tests.sources.servers import BUCKET, put
from tests.store.remote.leases import outdate

pytestmark = pytest.mark.usefixtures("small_commits")

KILLED = """
import sys, time
import pyarrow as pa
import pytest
from gmv_core import Workspace
from gmv_core.models.embedders.embedder import NetworkEmbedder
from pathlib import Path
from tests import fakes
from tests.sets.making import killed
from tests.store.remote.leases import renew_often

calls = 0

def slow(pixels):
    global calls
    calls += 1
    if calls == 2:
        print("begun", flush=True)
        time.sleep(600)
    return fakes.fake_vectors(pixels)

renew_often(pytest.MonkeyPatch())
fakes.shrink_commits(pytest.MonkeyPatch())
killed.fake_embedder = lambda: NetworkEmbedder(fakes.FAKE, 8, fakes.DIM, 5.0, slow)
killed.build_train(Workspace(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture
def copied_up(place: Workspace, on_disk: Workspace) -> Workspace:
    """The workspace of the disk, copied into the bucket file by file."""
    put(Path(str(on_disk.root)), str(place.root).removeprefix(f"s3://{BUCKET}/"))
    return place


def test_what_is_built_and_valued_there_is_what_a_disk_holds(
    place: Workspace,
    on_disk: Workspace,
    sources: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credentials = {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7"}
    for name, credential in credentials.items():
        monkeypatch.setenv(name, credential)
    build_train(place, sources)
    value_made(place, sources)
    assert [images.name for images in place.sets()] == ["run-generated", "train"]
    assert_same_set(place.image_set("train"), on_disk.image_set("train"))
    assert_same_run(place.run("run"), on_disk.run("run"))
    assert build_train(place, sources).reused is True
    assert value_made(place, sources).reused is True
    assert not damage(place.image_set("train")) and not damage(place.run("run"))
    export(open_run(place, "run"), tmp_path / "out")
    assert (tmp_path / "out" / "values.csv").stat().st_size
    for credential in credentials.values():
        assert not objects_with(place, credential.encode())


def test_a_workspace_that_was_copied_there_is_read_as_it_was(
    copied_up: Workspace, on_disk: Workspace
) -> None:
    here, there = open_run(on_disk, "run"), open_run(copied_up, "run")
    assert there.values_table().equals(here.values_table())
    assert there.generated_table().equals(here.generated_table())
    image = here.generated_table()["generated"][0]
    assert there.contributors(image) == here.contributors(image)
    assert evidence_root(there) == evidence_root(here)


@pytest.mark.parametrize("commits", [1, 4, 5])
def test_a_build_killed_after_a_commit_ends_as_a_fresh_one(
    place: Workspace,
    on_disk: Workspace,
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    commits: int,
) -> None:
    assert killed_after(commits, monkeypatch, lambda: build_train(place, sources))
    build_train(place, sources)
    assert_same_set(place.image_set("train"), on_disk.image_set("train"))


def test_a_process_killed_without_warning_leaves_its_work_to_the_same_command(
    place: Workspace, on_disk: Workspace, sources: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(place.root), str(sources)]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        with pytest.raises(WorkspaceError, match="Another build or run is writing in s3://"):
            build_train(place, sources)
    finally:
        process.kill()
        process.communicate()
    outdate(place)
    assert place.image_set("train").manifest().state == "building"
    build_train(place, sources)
    assert_same_set(place.image_set("train"), on_disk.image_set("train"))


def test_marks_and_selections_of_sessions_at_once(copied_up: Workspace) -> None:
    training = copied_up.image_set("train")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: mark(training, [f"{i}.png"]), range(8)))
    assert marked(training) == {f"{i}.png" for i in range(8)}
    save_selection(training, "some", np.array([3, 1]))
    assert selections(training)["some"].tolist() == [1, 3]


def test_verdicts_of_people_at_once_are_kept(copied_up: Workspace) -> None:
    review = make_review(copied_up, "run", settings=ReviewSettings(pairs=12, seed=1)).id
    people = ["Ada", "Bob"]
    for name in people:
        join_review(copied_up, review, name)

    def judge(name: str) -> None:
        for pair in range(3):
            decide(copied_up, review, name, pair, "yes")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(judge, people))
    rows = reviews_table(copied_up, "run").to_pylist()
    given = [(row["reviewer"], row["place"]) for row in rows if row["verdict"] == "yes"]
    assert sorted(given) == [(name, pair) for name in people for pair in range(3)]
    assert [r.id for r in list_reviews(copied_up, "run")] == [review]


def test_what_is_removed_is_gone_from_all_objects(copied_up: Workspace, sources: Path) -> None:
    training = copied_up.image_set("train")
    name, preview = "class0/0000.png", training.images.take(np.array([0]), ["preview"])
    needles = [name.encode(), preview["preview"][0].as_py()[-40:]]
    assert all(objects_with(copied_up, needle) for needle in needles)
    delete(copied_up, "run")
    remove(copied_up, "train", [name])
    assert vacuum(copied_up, "train").erased == {"train": 1}
    assert not [hit for needle in needles for hit in objects_with(copied_up, needle)]
    assert not damage(training)


def test_a_vacuum_says_that_the_bucket_keeps_versions(copied_up: Workspace) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="keeps")
    client.put_bucket_versioning(Bucket="keeps", VersioningConfiguration={"Status": "Enabled"})
    root = copied_up.root
    assert isinstance(root, ObjectPath) and not root.may_keep_versions()
    kept = Workspace("s3://keeps/ws")
    for path in root.sizes():
        source = {"Bucket": path.bucket, "Key": path.key}
        client.copy(source, "keeps", f"ws/{path.relative_to(root)}")
    remove(kept, "train", ["class0/0000.png"])
    assert any("'keeps' keeps older versions" in said for said in vacuum(kept, "train").left)


def test_a_deleted_set_leaves_nothing(copied_up: Workspace) -> None:
    delete(copied_up, "run")
    delete(copied_up, "train")
    root = copied_up.root
    assert isinstance(root, ObjectPath)
    assert [path.name for path in root.sizes()] == [".lock"]


@pytest.mark.parametrize("left", ["images.lance", "embeddings"])
def test_a_deletion_that_was_killed_spoils_no_later_set(
    copied_up: Workspace, on_disk: Workspace, sources: Path, left: str
) -> None:
    folder = copied_up.image_set("train").folder
    assert isinstance(folder, ObjectPath)
    for path in folder.sizes():  # the manifest goes first
        if left not in path.parts:
            path.unlink()
    assert "train" not in [images.name for images in copied_up.sets()]
    build_train(copied_up, sources)
    assert_same_set(copied_up.image_set("train"), on_disk.image_set("train"))


def objects_with(workspace: Workspace, needle: bytes) -> list[str]:
    """Return the objects of a workspace in which bytes stand, in their content or their names."""
    assert isinstance(workspace.root, ObjectPath)
    paths = list(workspace.root.sizes())
    return [str(path) for path in paths if needle in path.read_bytes() + str(path).encode()]


def test_parts_of_a_table_are_written_there_and_committed_in_order(place: Workspace) -> None:
    table = Table(place.root / "some.lance")
    for first in (0, 4):
        parts = [write_part(table, pa.table({"id": [row]})) for row in range(first, first + 4)]
        append_parts(table, parts)
    assert table.read(["id"])["id"].to_pylist() == list(range(8))
    assert not damage_of(table)
