"""The app on a workspace that lies on an object store: it reads, writes, and starts jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gmv_core import Workspace
from gmv_core.jobs.job import find_job, list_jobs
from gmv_core.jobs.requests import make_map
from gmv_core.sets.layout import has_layout
from gmv_core.store.marks import marked
from tests.built import write_run, write_runs_to_compare
from tests.pages.conftest import APP, PATIENCE_SECONDS, cards, new_session, open_page
from tests.sources.servers import object_store, put

PAGES = APP.parent / "pages"


@pytest.fixture
def served(
    original: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """The workspace that the app serves, with the run "first" on the set "first-set"."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with object_store(monkeypatch):
        address = put(original(write_run, "first", 12) / "home", "ws")
        monkeypatch.setenv("GMV_HOME", address)
        yield Workspace(address)


def test_every_page_is_drawn_from_what_lies_there(
    original: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with object_store(monkeypatch):
        monkeypatch.setenv("GMV_HOME", put(original(write_runs_to_compare) / "home", "ws"))
        app = new_session()
        app.run()
        assert not app.exception and not app.error
        for page in sorted(path.stem for path in PAGES.glob("*.py")):
            open_page(app, page)
            assert not [error.value for error in app.error] and app.main.children, page
        assert cards(open_page(app, "contributors"), "Generated images")


def test_a_job_works_there_and_is_known_beside_it(served: Workspace) -> None:
    job = make_map(served, "first-set")
    until = time.monotonic() + PATIENCE_SECONDS
    while find_job(served, job.id).active:
        assert time.monotonic() < until
        time.sleep(0.1)
    done = find_job(served, job.id)
    assert done.state == "done", done.message
    assert has_layout(served.image_set("first-set"))
    assert [job.id for job in list_jobs(served)] == [job.id]
    assert not (served.root / "jobs").exists()


def test_a_mark_that_is_set_in_the_app_is_there(served: Workspace) -> None:
    app = open_page(new_session(), "noisy")
    next(b for b in app.button if b.label.startswith("Mark all")).click().run()
    assert not app.exception and not app.error
    assert marked(served.image_set("first-set"))
