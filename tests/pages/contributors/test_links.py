"""Contributors: addresses that open a view, and what an address may not do."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import WriteRun, cards, open_page, pair
from tests.pages.contributors.conftest import IMAGES, look_at
from ui.frame import state


def test_another_run_begins_at_its_first_image(page: AppTest, write_run: WriteRun) -> None:
    write_run("second", generated=2)
    page.selectbox(key=state.IMAGE).select("class1/0037.png").run()
    page.selectbox(key=state.RUN).select("second").run()
    assert not page.exception and not page.warning
    assert page.selectbox(key=state.IMAGE).value == "class0/0000.png"


@pytest.mark.parametrize("key", [state.IMAGE, state.TRAINING])
def test_a_link_to_an_image_that_the_run_lacks_is_one_sentence(
    app: AppTest, key: str, write_run: WriteRun
) -> None:
    write_run("first", generated=4)
    app.query_params[key] = "![x](http://example.com/x.png)"
    if key == state.TRAINING:
        app.query_params[state.VIEW] = state.TRAINING_VIEW
    open_page(app, "contributors")
    (warning,) = app.warning
    assert "has no" in warning.value and r"\!\[x\]\(http" in warning.value
    assert not app.error


def test_a_link_opens_the_same_view(app: AppTest, write_run: WriteRun) -> None:
    write_run("first", generated=IMAGES)
    write_run("second", generated=4)
    asked = {
        state.RUN: "first",
        state.IMAGE: "class1/0037.png",
        state.K: "3",
        state.TEMPERATURE: "By spread",
        state.WEIGHTING: "false",
        state.TRAINING: "class2/0002.png",
    }
    for key, text in asked.items():
        app.query_params[key] = text
    open_page(app, "contributors")
    assert app.selectbox(key=state.RUN).value == "first"
    assert app.selectbox(key=state.IMAGE).value == "class1/0037.png"
    assert app.selectbox(key=state.TRAINING).value == "class2/0002.png"
    assert len(cards(app, "Closest training images")) == 3
    assert "class1/0037.png" in [card["id"] for card in cards(app, "Generated images")]
    assert pair(app)["right"]["name"] == "class2/0002.png"
    assert any("not used" in markdown.value for markdown in app.markdown)


def test_a_link_to_what_a_visitor_sees_first_wins_over_what_was_seen_last(page: AppTest) -> None:
    first = page.selectbox(key=state.IMAGE).value
    page.selectbox(key=state.IMAGE).select("class1/0037.png").run()
    look_at(page, state.TRAINING_VIEW)
    assert page.selectbox(key=state.TRAINING).value is not None
    page.switch_page("pages/values.py").run()
    page.query_params.pop(state.TRAINING, None)
    page.query_params[state.IMAGE] = first
    page.query_params[state.VIEW] = state.GENERATED_VIEW
    page.switch_page("pages/contributors.py").run()
    assert not page.exception
    assert page.segmented_control(key=state.VIEW).value == state.GENERATED_VIEW
    assert page.selectbox(key=state.IMAGE).value == first
    closest = cards(page, "Closest training images")[0]["id"]
    assert page.selectbox(key=state.TRAINING).value == closest
    page.selectbox(key=state.IMAGE).select("class1/0037.png").run()
    assert page.selectbox(key=state.IMAGE).value == "class1/0037.png"


@pytest.mark.parametrize("key", [state.RUN, state.VIEW, state.AGAINST])
def test_a_link_with_nonsense_opens_the_page_as_it_is(
    app: AppTest, key: str, write_run: WriteRun
) -> None:
    write_run("first", generated=4)
    app.query_params[key] = "nonsense"
    open_page(app, "contributors")
    assert not app.error
    assert app.selectbox(key=state.RUN).value == "first"
    look_at(app, state.DROP_VIEW)
    assert app.selectbox(key=state.AGAINST).value == "first-set"


def test_the_first_image_of_another_order_stands_in_the_address(page: AppTest) -> None:
    assert "generated-order" not in page.query_params, "the first order need not be said"
    page.selectbox(key="generated-order").select("Name, Z to A").run()
    gallery = [card["id"] for card in cards(page, "Generated images")]
    page.selectbox(key=state.IMAGE).select(gallery[1]).run()
    page.button(key="generated-previous").click().run()
    assert page.selectbox(key=state.IMAGE).value == gallery[0]
    assert page.query_params[state.IMAGE] == gallery[0] != "class0/0000.png"


def test_an_unknown_run_is_told_and_a_known_one_stands_in_the_address(
    app: AppTest, write_run: WriteRun
) -> None:
    write_run("first", generated=4)
    app.query_params[state.RUN] = "gone"
    open_page(app, "contributors")
    (warning,) = app.warning
    assert warning.value == "This workspace has no result “gone”; you see first."
    app.run()
    assert not app.warning
    assert app.query_params[state.RUN] == "first"
