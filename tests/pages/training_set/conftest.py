"""What the tests of the page Training set share: files to bring, and a set with everything."""

from __future__ import annotations

import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, build, labels_for, open_source
from gmv_core.jobs.job import Job, list_jobs
from tests.fakes import draw, fake_embedder, png, write_images
from tests.pages.conftest import PATIENCE_SECONDS

FILES = "training-images-0-files"


def files(count: int, folder: str = "") -> list[tuple[str, bytes, str]]:
    return [(f"{folder}{i:02d}.png", png(draw(i)), "image/png") for i in range(count)]


def words(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def wait(home: Workspace) -> Job:
    end = time.monotonic() + PATIENCE_SECONDS
    while (job := list_jobs(home)[0]).active:
        assert time.monotonic() < end, job
        time.sleep(0.1)
    return job


def write_set(home: Workspace, folder: Path, name: str = "cats") -> None:
    """A set of 60 images: one broken, two that repeat another, a table with one row too many."""
    write_images(folder, 60)
    (folder / "class0" / "0003.png").write_bytes(b"no picture")
    for copy in ("a.png", "b.png"):
        (folder / "class1" / copy).write_bytes((folder / "class0" / "0000.png").read_bytes())
    (folder / "notes.txt").write_text("x")
    source = open_source(folder)
    rows = [f"{image},Ada" for image in source.names or ()]
    (folder.parent / "t.csv").write_text("\n".join(["name,owner", *rows, "lost.png,Ben"]))
    labels = labels_for(source, folder.parent / "t.csv")
    build(home, source, name=name, labels=labels, embedder=fake_embedder())
