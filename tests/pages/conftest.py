"""The app as a session of Streamlit's AppTest on a workspace of its own, and what lies in it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from gmv_core.store.files import write_json
from tests.built import write_run as write_run_of

APP = Path(__file__).resolve().parents[2] / "app.py"
PATIENCE_SECONDS = 120  # for a page or a job, on a machine that does much else
ID = "20200101-000000-000000-abcd"
WriteRun = Callable[..., None]


@pytest.fixture(scope="package", autouse=True)
def scanned_once() -> Iterator[None]:
    """Look for components among the installed packages once, not for each session (0.2 s)."""
    scan = cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True)
def no_bug(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail where a page showed an error of the program as a sentence, but in tests of a bug."""
    yield
    if "bug" not in request.node.name:
        assert not [r for r in caplog.get_records("call") if r.name == "gmv"], caplog.text


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Workspace:
    """The workspace that the app serves, empty."""
    monkeypatch.setenv("GMV_HOME", str(workspace.root))
    monkeypatch.delenv("GMV_DATA_ROOTS", raising=False)
    return workspace


@pytest.fixture
def app(home: Workspace) -> AppTest:
    return new_session()


def new_session() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=PATIENCE_SECONDS)


def open_page(app: AppTest, page: str) -> AppTest:
    app.run()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def cards(app: AppTest, label: str) -> list[dict[str, Any]]:
    """Return the cards of the gallery that a screen reader knows as `label`."""
    found = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    return next(data["cards"] for data in found if data.get("label") == label)


def pair(app: AppTest) -> dict[str, Any]:
    """Return what the pair of images that is compared was given to show."""
    found = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    return next(data for data in found if "left" in data)


def drop(app: AppTest, *files: tuple[str, bytes]) -> None:
    uploader = next(one for one in app.file_uploader if one.key != "drop-table")
    uploader.set_value([(name, data, "image/png") for name, data in files]).run()
    assert not app.exception


@pytest.fixture
def write_run(copied: Callable[..., None]) -> WriteRun:
    """Return a function that puts a run into the workspace, and its images into tmp_path."""

    def write(name: str, *, generated: int) -> None:
        copied(write_run_of, name, generated)

    return write


def write_job(home: Workspace, *, alive: bool, id: str = ID, **progress: Any) -> None:  # noqa: ANN401
    """Write a job's files; its process is this one, or none."""
    me = psutil.Process()
    asked = {"title": "Building x", "target": "x", "arguments": ["delete", "x"], "uploads": ""}
    process = {"pid": me.pid, "created": me.create_time() if alive else 0.0, "started": "2020"}
    write_json(home.root / "jobs" / id / "job.json", {**asked, **process})
    if progress:
        told = {"time": time.time(), "updated": "2020", "total": None, "done": 0, "rate": None}
        write_json(home.root / "jobs" / id / "progress.json", {**told, **progress})
