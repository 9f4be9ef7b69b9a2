"""The page on owners: whose answer, what it says, and what would change it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from tests.pages.conftest import WriteRun, new_session


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
    page.toggle(key="owner-without").set_value(True).run()
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
