"""The first page, through app.py: an empty workspace, a run, and every widget that changes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, build, open_source, value
from tests.fakes import fake_embedder, write_images
from tests.pages.conftest import WriteRun, open_page


@pytest.mark.parametrize("page", ["contributors", "values"])
def test_a_page_without_a_run_says_what_to_do(app: AppTest, page: str) -> None:
    open_page(app, page)
    assert app.info[0].value == "Nothing has been valued in this workspace yet."


def test_another_image_or_run_can_be_chosen(app: AppTest, write_run: WriteRun) -> None:
    write_run("first", generated=4)
    write_run("second", generated=5)
    open_page(app, "contributors")
    app.selectbox(key="run").select("first").run()
    image = app.selectbox(key="image")
    assert len(image.options) == 4
    image.select(image.options[2]).run()
    assert not app.exception
    assert app.selectbox(key="image").value == image.options[2]
    app.selectbox(key="run").select("second").run()
    assert not app.exception and not app.error
    assert len(app.selectbox(key="image").options) == 5


def test_k_temperature_and_weighting_change_the_values(app: AppTest, write_run: WriteRun) -> None:
    write_run("first", generated=4)
    open_page(app, "values")
    app.pills(key="standing").select("contributor").run()
    before = len(app.dataframe[0].value)
    app.number_input(key="k").set_value(1).run()
    assert not app.exception
    assert len(app.dataframe[0].value) < before
    value = float(app.metric[0].value)
    app.toggle(key="weighting").set_value(False).run()
    assert float(app.metric[0].value) == 4 != value


def test_a_run_whose_set_is_gone_is_one_sentence(
    app: AppTest, tmp_path: Path, write_run: WriteRun
) -> None:
    write_run("first", generated=4)
    Workspace(tmp_path / "home").image_set("first-set").images.drop()
    open_page(app, "values")
    assert "which now has 0; run its `value` command again." in app.error[0].value


@pytest.mark.parametrize("page", ["contributors", "quality", "values", "noisy"])
def test_a_record_that_cannot_be_read_is_left_out(
    app: AppTest, tmp_path: Path, page: str, write_run: WriteRun
) -> None:
    home = tmp_path / "home"
    write_run("first", generated=4)
    for folder, text in (("runs/old", '{"format": 1}'), ("sets/old", "[]"), ("runs/torn", "{")):
        (home / folder).mkdir(parents=True)
        (home / folder / "manifest.json").write_text(text)
    open_page(app, page)
    assert not app.error
    assert app.selectbox(key="run").options == ["first"]


def test_images_are_dropped_on_a_set_that_was_valued_against_itself(
    app: AppTest, tmp_path: Path
) -> None:
    source = open_source(write_images(tmp_path / "train", 24))
    workspace = Workspace(tmp_path / "home")
    build(workspace, source, name="cats", embedder=fake_embedder())
    value(workspace, "cats", against="cats", name="look", embedder=fake_embedder())
    open_page(app, "contributors")
    app.segmented_control(key="view").set_value("Drop an image").run()
    assert not app.exception
    assert app.selectbox(key="against").options == ["cats"]
