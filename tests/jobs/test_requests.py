"""Builds as jobs: what is refused at once, and with which arguments a job starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from gmv_core import SettingsError, WorkspaceError, build, open_source
from gmv_core.jobs import control, requests
from gmv_core.jobs.job import Job, list_jobs
from gmv_core.jobs.uploads import open_spooled, spool
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder
from tests.fakes import write_images


@pytest.fixture
def held(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace in which every job waits, and is cancelled in the end."""
    with workspace.writing():
        yield workspace
        for job in list_jobs(workspace):
            control.cancel(workspace, job.id)


def test_a_new_set_is_built_where_its_images_and_their_table_lie(
    held: Workspace, tmp_path: Path
) -> None:
    write_images(tmp_path / "x", 3)
    (tmp_path / "x" / "labels.csv").write_text("name,owner\n0000.png,Ada\n")
    job = requests.build_set(held, open_source(tmp_path / "x"), name=" cats ", index="pq")
    assert job.arguments == (
        "build", str(tmp_path / "x"), "--name", "cats", "--embedder=auto", "--index=pq",
    )  # fmt: skip
    assert (job.title, job.target, job.uploads) == ("Building cats", "cats", None)
    with pytest.raises(WorkspaceError, match="The name 'cats' is taken"):
        requests.build_set(held, open_source(tmp_path / "x"), name="cats")


def test_uploads_go_with_the_job(held: Workspace, tmp_path: Path) -> None:
    path = write_images(tmp_path / "x", 1, labels=1) / "class0" / "0000.png"
    with path.open("rb") as file:
        folder = spool(held, [file])
    job = requests.build_set(held, open_spooled(folder), name="cats")
    assert job.uploads == folder
    assert [p.name for p in folder.rglob("*.png")] == ["0000.png"]


@pytest.mark.parametrize(("name", "sentence"), [("a/b", "cannot be a name"), ("", "cannot be a")])
def test_a_name_that_will_not_do_starts_nothing(
    held: Workspace, tmp_path: Path, name: str, sentence: str
) -> None:
    source = open_source(write_images(tmp_path / "x", 3))
    with pytest.raises(WorkspaceError, match=sentence):
        requests.build_set(held, source, name=name)
    assert list_jobs(held) == []


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [({"embedder": "clap"}, "clap"), ({"index": "hnsw"}, "hnsw")],
)
def test_an_unknown_embedder_or_index_starts_nothing(
    held: Workspace, tmp_path: Path, choice: dict[str, str], sentence: str
) -> None:
    source = open_source(write_images(tmp_path / "x", 3))
    with pytest.raises(SettingsError, match=sentence):
        requests.build_set(held, source, name="cats", **choice)
    assert list_jobs(held) == []


def test_a_set_is_added_to_or_finished_from_where_it_was_read(
    held: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    source = open_source(write_images(tmp_path / "x", 3))
    manifest = build(held, source, name="cats", embedder=embedder)
    more = open_source(write_images(tmp_path / "more", 3))
    added = requests.add_to_set(held, more, name="cats")
    assert added.arguments == ("add", "cats", str(tmp_path / "more"))
    control.forget(held, added.id)

    def half_built(*locations: Path) -> Job:
        sources = tuple(replace(manifest.sources[0], location=str(path)) for path in locations)
        held.image_set("cats").write_manifest(replace(manifest, state="building", sources=sources))
        return requests.finish_set(held, "cats")

    job = half_built(tmp_path / "x")
    named = ("build", str(tmp_path / "x"), "--name", "cats")
    assert job.arguments == (*named, "--embedder=fake", "--index=auto")
    with pytest.raises(WorkspaceError, match="finish it before adding"):
        requests.add_to_set(held, more, name="cats")
    control.forget(held, job.id)
    job = half_built(tmp_path / "x", tmp_path / "more")
    assert job.arguments == ("add", "cats", str(tmp_path / "more"))
    with pytest.raises(WorkspaceError, match=r"are gone .*; delete the set and bring them again"):
        half_built(tmp_path / "nowhere")
