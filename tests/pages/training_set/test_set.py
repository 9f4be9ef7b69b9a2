"""Training set: what a finished set shows, images added to it, and its deletion."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, build, open_source, value
from tests.fakes import fake_embedder, write_images
from tests.pages.conftest import open_page
from tests.pages.training_set.conftest import files, wait, words, write_set


def test_a_finished_set_tells_everything(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path / "cats")
    open_page(app, "training_set")
    assert {m.label: m.value for m in app.metric} == {
        "Images": "61", "Labels": "3", "Owners": "1", "Exact duplicates": "2", "Rejected": "1",
    }  # fmt: skip
    told = words(app)
    assert "It misses none of the true nearest images: it compares with every one." in told
    assert "fake, own: It was given from Python." in told
    assert "Skipped files: not an image (1)." in told
    assert "1 of the label table's rows fits no image (such as lost.png)" in told
    assert [s.value for s in app.header] == [
        "Rejected images", "Exact duplicates", "Near copies",
    ]  # fmt: skip
    pictures = "".join(html.proto.body for html in app.get("html"))
    assert "class0/0003.png<span>not an image" in pictures
    assert "class1/b.png<span>same as class0/0000.png" in pictures


def test_many_rejected_images_are_paged(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_images(tmp_path / "cats", 30, labels=1)
    for i in range(14):
        (tmp_path / "cats" / "class0" / f"bad{i:02d}.png").write_bytes(b"no picture")
    build(home, open_source(tmp_path / "cats"), name="cats", embedder=fake_embedder())
    open_page(app, "training_set")

    def pictures() -> str:
        return "".join(html.proto.body for html in app.get("html"))

    assert "bad00" in pictures() and "bad13" not in pictures()
    app.get("pagination")[0].set_value(2).run()
    assert not app.exception
    assert "bad13" in pictures() and "bad00" not in pictures()


def test_a_set_is_deleted_once_confirmed(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path / "cats")
    open_page(app, "training_set")
    app.button(key="delete-cats").click().run()
    assert not app.exception and not app.error
    assert home.sets() == []
    assert app.file_uploader, "it asks for images again"


def test_a_set_that_a_run_uses_is_kept(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path / "cats")
    made = open_source(write_images(tmp_path / "made", 3, first_seed=100))
    value(home, made, against="cats", name="look", embedder=fake_embedder())
    open_page(app, "training_set")
    assert app.selectbox(key="set").options == ["cats", "new set"], "not look-generated"
    app.button(key="delete-cats").click().run()
    assert not app.exception
    assert app.error[0].value == (
        "The set 'cats' is used by the run 'look'; delete that run first."
    )  # fmt: skip


@pytest.mark.models
def test_images_are_added_to_a_set(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    source = open_source(write_images(tmp_path / "cats", 60))
    build(home, source, name="cats")
    open_page(app, "training_set")
    app.file_uploader(key="add-cats-0-files").set_value(files(5, "more")).run()
    assert "**5 images" in words(app)
    next(b for b in app.button if b.label == "Add").click().run()
    assert not app.exception and not app.error
    assert wait(home).state == "done"
    app.run()
    assert app.metric[0].value == "65"
    assert not app.file_uploader(key="add-cats-1-files").value, "the widget is empty again"


def test_the_first_set_that_is_built_is_shown_whatever_the_address_says(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    app.query_params["set"] = "new set"
    open_page(app, "training_set")
    assert app.file_uploader and not app.selectbox
    write_set(home, tmp_path / "cats")
    app.session_state["next_set"] = "cats"
    app.run()
    assert not app.exception
    assert app.selectbox(key="set").value == "cats"
    assert app.metric[0].value == "61"
