"""Training set: builds that were cut off or failed, gone on with or deleted."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from msgspec import to_builtins
from msgspec.structs import replace
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from gmv_core.jobs.job import end_job, list_jobs, requested
from gmv_core.store.files import write_json
from tests.fakes import change_json
from tests.pages.conftest import ID, open_page, write_job
from tests.pages.training_set.conftest import FILES, wait, words, write_set


def half_build(home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path / "cats")
    images = home.image_set("cats")
    change_json(images, state="building")


def test_a_half_built_set_is_unfinished_and_can_be_resumed(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    half_build(home, tmp_path)
    open_page(app, "training_set")
    assert app.warning[0].value.startswith("This set is unfinished: 62 images are kept so far.")
    assert not app.metric, "nothing that looks finished"
    labels = ["Add a training set", "Resume", "Delete it for good"]
    assert [b.label for b in app.button] == labels
    with home.writing():  # so that its job waits
        app.button[1].click().run()
        assert not app.exception and not app.error
        (job,) = list_jobs(home)
        assert job.arguments[:2] == ("build", str(tmp_path / "cats"))
        assert "Building cats" in words(app) and not app.warning
        app.button(key=f"cancel-{job.id}").click().run()
    assert sorted(b.label for b in app.button) == sorted([*labels, "Dismiss"])
    assert "62 images are kept so far" in words(app)


def test_a_half_built_set_whose_images_are_gone_says_so(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    half_build(home, tmp_path)
    (tmp_path / "cats").rename(tmp_path / "elsewhere")
    open_page(app, "training_set")
    app.button[1].click().run()
    assert "are gone" in app.error[0].value and "delete the set" in app.error[0].value
    app.button(key="delete-cats").click().run()
    assert not app.exception and home.sets() == []


def test_a_failed_build_that_kept_nothing_is_told(app: AppTest, home: Workspace) -> None:
    write_job(home, alive=False)
    folder = home.root / "jobs" / ID
    request = requested(folder)
    assert request is not None
    changed = replace(request, arguments=("build", "/gone", "--name", "x"))
    write_json(folder / "job.json", to_builtins(changed))
    end_job(folder, "failed", "There is nothing at /gone; check the path.")
    open_page(app, "training_set")
    assert app.selectbox(key="set").value == "x"
    assert app.error[0].value == "There is nothing at /gone; check the path."
    assert "No image of this set was kept yet" in app.info[0].value
    app.button(key=f"dismiss-{ID}").click().run()
    assert not app.exception and not app.error and app.file_uploader


@pytest.mark.models
def test_a_failing_build_leaves_no_set(app: AppTest, home: Workspace) -> None:
    open_page(app, "training_set")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.png", b"text")
    app.file_uploader(key=FILES).set_value([("a.zip", archive.getvalue(), "")]).run()
    assert "cannot be read" in app.warning[0].value
    app.text_input[0].set_value("bad")
    app.button[-1].click().run()
    wait(home)
    app.run()
    assert not app.exception
    assert any("No image of this set could be read" in w.value for w in app.warning)
