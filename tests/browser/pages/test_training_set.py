"""Training set: bring images, build, leave and come back, cancel, resume, see what became of them.

These tests build one workspace in their order, as a user does.
"""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.kit.app_server import Server, running, settled
from gmv_core.jobs.job import requested
from tests.browser.conftest import Visitor
from tests.fakes import write_images

BUILD_MS = 120_000


@pytest.fixture(scope="module")
def own(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on a workspace that is empty at first."""
    home = tmp_path_factory.mktemp("own") / "home"
    with running(home, home.parent / "server.log") as server:
        yield server


def give(page: Page, what: Path | list[Path]) -> None:
    page.locator("input[type=file]").first.set_input_files(what)


def build(page: Page, name: str) -> None:
    page.get_by_role("textbox", name="Name of the set").fill(name)
    page.get_by_role("button", name="Build", exact=True).click()


def twice(folder: Path, archive: Path) -> Path:
    """Write a zip of a folder's images, each under two names: enough for a build of some seconds.

    A build keeps 1,024 images at a time, so it can be seen half done.
    """
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted(folder.rglob("*.png")):
            for top in ("one", "two"):
                made.write(path, f"{top}/{path.relative_to(folder)}")
    return archive


def worker(home: Path, *, after: int = 0) -> psutil.Process:
    """Return the process of the workspace's only job; after: once it is another than this one."""
    end = time.monotonic() + BUILD_MS / 1000
    while True:
        (folder,) = (home / "jobs").iterdir()
        request = requested(folder)
        if request is not None and request.pid != after:
            return psutil.Process(request.pid)
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_is_no_image_gets_a_sentence(own: Server, visit: Visitor, tmp_path: Path) -> None:
    page = visit(own).open("training_set")
    (tmp_path / "notes.txt").write_text("no image")
    give(page, tmp_path / "notes.txt")
    expect(page.get_by_role("alert")).to_contain_text("notes.txt")
    expect(page.get_by_role("button", name="Build", exact=True)).to_have_count(0)


def test_a_build_survives_a_reload_a_cancel_and_a_new_server(
    demo: Server, visit: Visitor, tmp_path: Path
) -> None:
    archive = twice(demo.home / "demo-images", tmp_path / "portraits.zip")
    home = tmp_path / "home"
    with running(home, tmp_path / "one.log") as server:
        page = visit(server).open("training_set")
        give(page, archive)
        expect(page.get_by_text("2,400 images · PNG")).to_be_visible()
        build(page, "portraits")
        expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=BUILD_MS)
        done = re.compile("[1-9][0-9]* of 2,400 images(?! got one)")  # labels have a count too
        expect(page.get_by_text(done).first).to_be_visible(timeout=BUILD_MS)
        first = worker(home)
        first.suspend()  # it waits for us, however slow the browser is
        page.reload()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Stopped; what was done is kept.")).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Resume").first.click()
        second = worker(home, after=first.pid)
        second.suspend()
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
        page.close()
    second.resume()
    # The server is gone, the work goes on; the next server finds it again.
    with running(home, tmp_path / "two.log") as server:
        page = visit(server).open("training_set")
        images = page.get_by_test_id("stMetric").filter(has_text="Images")
        expect(images).to_contain_text("2,400", timeout=BUILD_MS)
        duplicates = page.get_by_test_id("stMetric").filter(has_text="Exact duplicates")
        expect(duplicates).to_contain_text("1,200")
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        page.close()
    assert list((home / "uploads").glob("*")) == []


def test_a_folder_becomes_a_set_that_shows_what_was_rejected(
    own: Server, visit: Visitor, tmp_path: Path
) -> None:
    folder = write_images(tmp_path / "pictures", 60)
    broken = folder / "class0" / "0003.png"
    broken.write_bytes(broken.read_bytes()[:60])
    page = visit(own).open("training_set")
    page.get_by_role("radio", name="A folder").click()
    page.locator("input[webkitdirectory]").set_input_files(folder)
    expect(page.get_by_text("60 images · PNG · 24 × 24 px · 3 labels")).to_be_visible()
    build(page, "pictures")
    rejected = page.get_by_test_id("stMetric").filter(has_text="Rejected")
    expect(rejected).to_contain_text("1", timeout=BUILD_MS)
    expect(page.get_by_role("heading", name="Rejected images")).to_be_visible()
    expect(page.get_by_text("class0/0003.png")).to_be_visible()
