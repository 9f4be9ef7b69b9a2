"""The page on owners: whose answer, what it says, and what would change it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from gmv_core.trust.duplicates import find_clusters
from tests.built import write_hostile_run, write_shared_copies
from tests.fakes import fake_embedder
from tests.pages.conftest import WriteRun, cards, new_session, open_page


def said(app: AppTest) -> str:
    return "\n".join(e.value for e in [*app.markdown, *app.caption, *app.info, *app.warning])


@pytest.fixture
def page(home: Workspace, write_run: WriteRun) -> AppTest:
    write_run("run", generated=6)
    app = new_session()
    app.switch_page("pages/owners.py").run()
    assert not app.exception
    return app


def test_the_first_owner_has_an_answer(page: AppTest) -> None:
    assert [title.value for title in page.title] == ["Owners"]
    assert "of the value (95 % interval" in said(page)
    assert page.selectbox(key="whose").value in ("Ada", "Ben")
    assert {m.label for m in page.metric} == {
        "Share of the value",
        "Value",
        "Images",
        "Earned nothing",
    }


def test_another_owner_and_another_column(page: AppTest) -> None:
    page.selectbox(key="whose").set_value("Ben").run()
    assert {m.label: m.value for m in page.metric}["Images"] == "8"
    page.selectbox(key="by").set_value("label").run()
    assert not page.exception
    assert page.selectbox(key="whose").value.startswith("class")


def test_without_these_images(page: AppTest) -> None:
    page.toggle(key="without-owner").set_value(True).run()
    assert not page.exception
    assert "What each other gets of what is left" in said(page)
    assert len(page.table) == 1


def test_a_name_that_nobody_has(page: AppTest) -> None:
    other = new_session()
    other.query_params["whose"] = "Eve"
    other.switch_page("pages/owners.py").run()
    assert "No training image has the owner “Eve”" in said(other)
    assert not other.exception


def test_predicted_influence_asks_for_its_job_first(page: AppTest) -> None:
    page.segmented_control(key="reading").set_value("Predicted influence").run()
    assert not page.exception
    assert "Influence has not been predicted" in said(page)


def test_a_part_of_a_name_offers_the_whole_ones(page: AppTest) -> None:
    other = new_session()
    other.query_params["whose"] = "AD"
    other.switch_page("pages/owners.py").run()
    (found,) = [button for button in other.button if button.label == "Ada"]
    found.click().run()
    assert other.selectbox(key="whose").value == "Ada"
    assert "of the value (95 % interval" in said(other)


def test_near_copies_are_shown_or_were_not_looked_for(
    home: Workspace, copied: Callable[..., None], tmp_path: Path
) -> None:
    copied(write_shared_copies)
    app = open_page(new_session(), "owners")
    app.selectbox(key="whose").set_value("Ada").run()
    assert "have not been looked for" in said(app)
    find_clusters(home, "train", fake_embedder())
    app = open_page(new_session(), "owners")
    app.selectbox(key="whose").set_value("Ada").run()
    (card,) = cards(app, "Near copies among the images of others")
    assert (card["title"], card["lines"]) == ("3.png", ["Ben", "copy of 0.png"])
    assert "Were near copies counted as one image" in said(app)
    app.selectbox(key="whose").set_value("Cy").run()
    assert "No near copy of these images" in said(app)


def test_names_and_columns_stay_text(home: Workspace, copied: Callable[..., None]) -> None:
    copied(write_hostile_run)
    app = open_page(new_session(), "owners")
    for column in app.selectbox(key="by").options:
        app.selectbox(key="by").set_value(column.removeprefix("By ")).run()
        assert not app.exception
        words = [*app.header, *app.markdown, *app.caption, *app.button, *app.info]
        shown = [str(getattr(e, "label", None) or e.value) for e in words]
        alive = re.compile(r"(?<!\\)<img|(?<!\\)\]\(|[\u202a-\u202e]")
        assert not [text for text in shown if alive.search(text)]
