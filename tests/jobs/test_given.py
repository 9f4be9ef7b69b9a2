"""What jobs are given: a path that is checked again, a table that stays, a limit held by two."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from gmv_core import SourceError, Workspace, build, labels_for, open_source
from gmv_core.jobs import control, requests, uploads
from gmv_core.jobs.job import Job
from gmv_core.place import JOB_FOLDER
from gmv_core.settings import BuildSettings, IndexSettings
from gmv_core.sources.on_server import ROOTS
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Embedder
from tests.fakes import draw, png, write_images


class File(io.BytesIO):
    name = "a.png"


def test_a_job_checks_its_path_again(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, secret = tmp_path / "roots" / "images", tmp_path / "secret"
    write_images(inside, 2)
    write_images(secret, 2)
    monkeypatch.setenv(ROOTS, str(tmp_path / "roots"))
    monkeypatch.setenv(JOB_FOLDER, str(workspace.root / "jobs" / "x"))
    assert uploads.open_given(workspace, str(inside)).total == 2
    inside.rename(tmp_path / "elsewhere")
    inside.symlink_to(secret)  # after the app looked
    with pytest.raises(SourceError, match="is not below a folder that may be read here"):
        uploads.open_given(workspace, str(inside))
    folder = uploads.spool(workspace, [File(png(draw(0)))])
    assert uploads.open_given(workspace, str(folder / "files")).total == 1
    monkeypatch.delenv(JOB_FOLDER)
    assert uploads.open_given(workspace, str(secret)).total == 2  # at a terminal, any path


def test_two_uploads_at_once_keep_the_limit(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(uploads.LIMIT, "3 MB")
    first_reads, go_on = threading.Event(), threading.Event()

    class Slow(File):
        def read(self, size: int | None = -1, /) -> bytes:
            first_reads.set()
            go_on.wait(20)
            return super().read(size)

    outcomes: list[object] = []

    def spool(file: File) -> None:
        try:
            outcomes.append(uploads.spool(workspace, [file]))
        except SourceError as problem:
            outcomes.append(problem)

    threads = [threading.Thread(target=spool, args=(kind(bytes(2_000_000)),))
               for kind in (Slow, File)]  # fmt: skip
    threads[0].start()
    assert first_reads.wait(20)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert sorted(isinstance(one, SourceError) for one in outcomes) == [False, True]
    assert uploads.used_bytes(workspace) == 2_000_000


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of jobs that would be started."""
    found: list[list[str]] = []

    def note(workspace: Workspace, arguments: list[str], **_: object) -> Job | None:
        found.append(list(arguments))
        return None

    monkeypatch.setattr(control, "start", note)
    return found


def killed_build(workspace: Workspace, folder: Path, table: Path, embedder: Embedder) -> ImageSet:
    def kill(_: object) -> None:
        raise KeyboardInterrupt

    source = open_source(folder)
    with pytest.raises(KeyboardInterrupt):
        build(workspace, source, name="train", labels=labels_for(source, table),
              settings=BuildSettings(index=IndexSettings("sq8")), embedder=embedder,
              report=kill)  # fmt: skip
    return workspace.image_set("train")


def test_a_build_goes_on_with_its_uploaded_table_and_its_index(
    workspace: Workspace, started: list[list[str]], tmp_path: Path, embedder: Embedder
) -> None:
    images = write_images(tmp_path / "images", 12)
    table = File(b"name,owner\n0000.png,Ada\n")
    folder = uploads.spool(workspace, [], table=table)
    source = uploads.with_table(open_source(images), folder)
    requests.build_set(workspace, source, name="train", index="sq8")
    kept = Path(started[0][started[0].index("--labels") + 1])
    control.drop_uploads(workspace, folder)  # as where the job was dismissed
    assert kept.read_bytes() == table.getvalue()
    killed_build(workspace, images, kept, embedder)
    requests.finish_set(workspace, "train")
    assert "--index=sq8" in started[1] and started[1][-2:] == ["--labels", str(kept)]
