"""The page Map, and the selection that goes along from page to page."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, build, open_run, open_source
from gmv_core.results.explore.share import share_of
from gmv_core.results.export import matches_of, values_of
from gmv_core.sets.layout import has_layout, make_layout
from gmv_core.store.access import READ_ONLY
from gmv_core.store.marks import marked
from gmv_core.store.selections import names_of, save_selection, selections
from gmv_core.store.workspace import ImageSet
from tests.fakes import draw, fake_embedder, png, write_images
from tests.pages.conftest import PATIENCE_SECONDS, WriteRun, drop, new_session, open_page
from ui.frame import state
from ui.widgets.map_events import checked_corners, checked_point


@pytest.fixture
def training(home: Workspace, write_run: WriteRun) -> ImageSet:
    write_run("first", generated=4)
    make_layout(home, "first-set")
    return home.image_set("first-set")


def figure(app: AppTest) -> dict[str, Any]:
    (chart,) = app.get("plotly_chart")
    found: dict[str, Any] = json.loads(chart.proto.spec)
    return found


def select(app: AppTest, images: ImageSet, rows: list[int]) -> None:
    """Select rows as an outline does whose points these are."""
    known = {images.name: (images.manifest().created, np.array(rows), "")}
    app.session_state[state.SELECTED] = known
    app.run()
    assert not app.exception


def said(app: AppTest) -> str:
    return " ".join(text.value for text in app.markdown)


def button(app: AppTest, label: str) -> None:
    next(b for b in app.button if b.label == label).click().run()
    assert not app.exception


def test_without_a_map_a_button_starts_the_job(
    home: Workspace, write_run: WriteRun, app: AppTest
) -> None:
    write_run("first", generated=2)
    open_page(app, "map")
    assert app.info[0].value.startswith("There is no map of this training set yet")
    assert not app.get("plotly_chart")
    button(app, "Make the map")
    until = time.monotonic() + PATIENCE_SECONDS
    while not has_layout(home.image_set("first-set")) and time.monotonic() < until:
        time.sleep(0.2)
    app.run()
    assert app.get("plotly_chart") and not app.exception


def test_who_may_only_look_is_offered_no_job(
    home: Workspace, write_run: WriteRun, app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run("first", generated=2)
    monkeypatch.setenv(READ_ONLY, "1")
    open_page(app, "map")
    assert app.info and "Make the map" not in [b.label for b in app.button]


def test_a_set_without_a_run_has_a_map_too(home: Workspace, tmp_path: Path, app: AppTest) -> None:
    source = open_source(write_images(tmp_path / "images", 12))
    build(home, source, name="train", embedder=fake_embedder())
    make_layout(home, "train")
    open_page(app, "map")
    assert [trace["meta"] for trace in figure(app)["data"]] == ["training"] * 3  # three labels


def test_dropped_images_stand_on_the_map_until_they_are_taken_off(
    training: ImageSet, app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmv_core.matching.loading.reload_embedder", lambda *_: fake_embedder())
    open_page(app, "contributors")
    app.segmented_control(key="view").set_value("Drop an image").run()
    drop(app, ("mine.png", png(draw(100))))
    button(app, "Show on the map")
    assert app.title[0].value == "Map"
    (stars,) = [t for t in figure(app)["data"] if t.get("name") == "dropped images"]
    assert stars["hovertext"] == ["mine.png"]
    app.switch_page("pages/map.py").run()
    button(app, "Take them off the map")
    assert "dropped images" not in [trace.get("name") for trace in figure(app)["data"]]


def test_few_images_are_a_sentence(home: Workspace, tmp_path: Path, app: AppTest) -> None:
    source = open_source(write_images(tmp_path / "images", 5))
    build(home, source, name="train", embedder=fake_embedder())
    open_page(app, "map")
    assert "fewer than 10 images: too few for a map" in app.info[0].value


@pytest.mark.parametrize("column", ["", "label", "owner", "value", "standing"])
def test_the_map_is_drawn_in_each_colour(training: ImageSet, app: AppTest, column: str) -> None:
    open_page(app, "map")
    app.selectbox(key=state.COLOUR).select(column).run()
    assert not app.exception
    drawn = figure(app)["data"]
    assert drawn[-1]["meta"] == "generated"
    app.toggle(key=state.OVER).set_value(False).run()
    assert {trace["meta"] for trace in figure(app)["data"]} == {"training"}


def test_it_says_that_the_map_is_not_the_distance_of_credit(
    training: ImageSet, app: AppTest
) -> None:
    open_page(app, "map")
    assert "not the distance that credit is made of" in said(app)


def test_a_selection_has_its_share_its_thumbnails_and_its_count(
    training: ImageSet, home: Workspace, app: AppTest
) -> None:
    open_page(app, "map")
    assert "Nothing is selected" in app.info[-1].value
    rows = [1, 5, 9, 20]
    select(app, training, rows)
    found = share_of(open_run(home, "first"), np.array(rows))
    assert "**4 images selected** (16.7 % of all)" in said(app)
    assert f"**{100 * found.share_of_value:.3g} % of the value**" in said(app)
    (line,) = [link.proto.label for link in app.sidebar.get("page_link")]
    assert line == "4 images selected"
    open_page(app, "values")
    assert "**4 images selected**" in said(app)


def test_a_selection_is_inverted_and_cleared(training: ImageSet, app: AppTest) -> None:
    open_page(app, "map")
    select(app, training, [0, 1, 2])
    button(app, "Invert")
    assert "**21 images selected**" in said(app)
    app.button(key="clear-selection").click().run()
    assert "Nothing is selected" in app.info[-1].value


def test_a_selection_is_saved_opened_and_deleted(training: ImageSet, app: AppTest) -> None:
    open_page(app, "map")
    select(app, training, [2, 3])
    app.text_input(key="name-selection").set_value("../up")
    app.button(key="save-selection").click().run()
    assert "cannot be a name" in app.error[0].value and not selections(training)
    app.text_input(key="name-selection").set_value("dark-ones")
    app.button(key="save-selection").click().run()
    assert not app.exception
    assert {name: r.tolist() for name, r in selections(training).items()} == {"dark-ones": [2, 3]}
    other = open_page(new_session(), "map")
    other.selectbox(key=state.SELECTION).select("dark-ones").run()
    assert "**2 images selected**" in said(other)
    button(other, "Invert")  # it is the saved one no longer
    assert other.selectbox(key=state.SELECTION).value is None
    other.selectbox(key=state.SELECTION).select("dark-ones").run()
    other.button(key="delete-selection").click().run()
    assert not other.exception and not selections(training)


def test_the_address_opens_a_saved_selection(training: ImageSet, app: AppTest) -> None:
    save_selection(training, "mine", np.array([4, 5, 6]))
    app.query_params[state.SELECTION] = "mine"
    open_page(app, "map")
    assert "**3 images selected**" in said(app)


def test_a_selection_is_marked(training: ImageSet, app: AppTest) -> None:
    open_page(app, "map")
    select(app, training, [7, 8])
    button(app, "Mark for removal")
    assert marked(training) == set(names_of(training, np.array([7, 8])))


def test_values_without_a_selection(training: ImageSet, home: Workspace, app: AppTest) -> None:
    open_page(app, "map")
    ranking = open_run(home, "first").noisy()
    select(app, training, sorted(ranking["id"].tail(3).tolist()))
    app.toggle(key="without-selection").set_value(True).run()
    assert not app.exception
    held = ranking["value"].tail(3).sum()
    assert f"The selected images held a value of {held:.3g}" in said(app)


def test_what_a_search_finds_is_selected_and_added_to(
    training: ImageSet, home: Workspace, app: AppTest
) -> None:
    open_page(app, "values")
    app.text_input(key=state.SEARCH).set_value("class1").run()
    button(app, "Select 8 images")
    assert "**8 images selected**" in said(app)
    app.text_input(key=state.SEARCH).set_value("class2").run()
    button(app, "Add to the selection")
    assert "**16 images selected**" in said(app)


def test_a_part_of_noisy_data_is_selected(
    training: ImageSet, home: Workspace, app: AppTest
) -> None:
    open_page(app, "noisy")
    app.segmented_control(key="filter").set_value("contributor").run()
    count = int((open_run(home, "first").noisy()["standing"] == "contributor").sum())
    button(app, f"Select {count} images")
    assert f"**{count} images selected**" in said(app)


def test_generated_images_have_a_selection_of_their_own(
    training: ImageSet, home: Workspace, app: AppTest
) -> None:
    open_page(app, "map")
    select(app, open_run(home, "first").generated, [0, 2])
    assert "**2 generated images selected**" in said(app)
    assert "Nothing is selected" in app.info[-1].value


def test_what_a_browser_sends_is_checked() -> None:
    assert checked_point("training:12") == ("training", 12)
    for sent in (None, "", "x:1", "training:-1", "training:1e9", "generated:" + "9" * 40, 5, [1]):
        assert checked_point(sent) is None
    assert checked_corners([[0, 0], [1, 0], [1, 1]]).shape == (3, 2)
    for sent in (None, "x", [[0, 0], [1, 1]], [[0, 0, 0]] * 4, [[0, float("nan")]] * 3,
                 [[1], [2, 3]], [[0, 0]] * 6000):  # fmt: skip
        assert checked_corners(sent) is None


def test_the_app_and_the_command_line_give_the_same_columns(
    home: Workspace, training: ImageSet, tmp_path: Path
) -> None:
    result = open_run(home, "first")
    result.export(tmp_path / "out")
    for name, table in (("values", values_of(result)), ("matches", matches_of(result))):
        written = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        assert list(written) == list(table) and len(written) == len(table)
    table = values_of(result).sort_values("rank")
    assert table["rank"].tolist() == list(range(1, 25))
    assert (table["value"].diff().dropna() <= 0).all()
