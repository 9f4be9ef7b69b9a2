"""Contributors: one image, its pair and its strip; the gallery and its filters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, open_run
from gmv_core.words import hundredths, number, share_text
from tests.built import write_judged_run
from tests.pages.conftest import WriteRun, cards, new_session, open_page, pair
from tests.pages.contributors.conftest import IMAGES, button, look_at
from ui.frame import state
from ui.frame.markdown import plain
from ui.images.one_generated import ordinal


def test_a_page_of_the_gallery_and_the_contributors_are_shown(page: AppTest) -> None:
    shown = cards(page, "Generated images")
    assert len(shown) == 30
    assert shown[0]["id"] == "class0/0000.png" and shown[0]["alt"] == "class0/0000.png"
    assert shown[0]["src"].startswith("data:image/png;base64,")
    found = cards(page, "Closest training images")
    assert [card["title"][:2] for card in found] == [
        f"{i}." if i < 10 else "10" for i in range(1, 11)
    ]
    assert "before re-ranking" in found[0]["hover"] and "away" in found[0]["hover"]
    share, owner = found[0]["lines"]
    assert share.endswith(" %") and owner in ("Ada", "Ben")
    assert found[0]["bar"] == 1 > found[9]["bar"] > 0
    assert len({card["dot"] for card in found}) == len({card["lines"][1] for card in found})
    assert any("effective contributors" in markdown.help for markdown in page.markdown)


def test_the_first_contributor_is_compared_unasked(page: AppTest, tmp_path: Path) -> None:
    result = open_run(Workspace(tmp_path / "home"), "first")
    first = result.contributors("class0/0000.png")[0]
    assert page.selectbox(key=state.TRAINING).value == first.training
    shown = pair(page)
    assert shown["mode"] == "side"
    assert [shown[side]["name"] for side in ("left", "right")] == [
        "class0/0000.png",
        first.training,
    ]
    assert shown["facts"][:2] == [
        "Contributor 1 of 10",
        f"{share_text(first.weight)} of the credit: {hundredths(first.value)}",
    ]
    assert shown["sentence"].endswith("of real neighbours.") and shown["chip"]["text"]
    table = page.dataframe[0].value
    assert table["Training image"].tolist()[0] == first.training
    assert table["Credit"].tolist()[0] == pytest.approx(first.value)
    values = result.values_table().set_index("training")["value"]
    assert table["Value, all images"].tolist()[0] == pytest.approx(values[first.training])


def test_a_pair_has_several_views(page: AppTest) -> None:
    for look, mode in ((state.SLIDER, "slider"), (state.DIFFERENCE, "difference")):
        page.segmented_control(key=state.LOOK).set_value(look).run()
        assert not page.exception and pair(page)["mode"] == mode


def test_any_training_image_is_compared(app: AppTest, write_run: WriteRun, tmp_path: Path) -> None:
    write_run("first", generated=IMAGES)
    result = open_run(Workspace(tmp_path / "home"), "first")
    contributors = {one.training for one in result.contributors("class0/0000.png")}
    others = [n for n in result.values_table()["training"] if n not in contributors]
    app.query_params[state.TRAINING] = others[0]
    shown = pair(open_page(app, "contributors"))
    assert shown["right"]["name"] == others[0]
    away = result.distance("class0/0000.png", others[0])
    assert away is not None
    estimate = "" if away.exact else " (estimate)"
    assert shown["facts"] == [
        "Not among the 10 contributors, so without credit here",
        f"{number(away.distance)} away{estimate}",
    ]
    other = new_session()
    other.query_params[state.TRAINING] = "no such image"
    open_page(other, "contributors")
    assert other.info[0].value == "first-set has no training image no such image."


def test_a_filter_that_excludes_the_open_image_opens_the_first_left(page: AppTest) -> None:
    assert page.selectbox(key=state.IMAGE).value.startswith("class0/")
    page.selectbox(key="generated-label").select("class2").run()
    shown = cards(page, "Generated images")
    assert page.selectbox(key=state.IMAGE).value == shown[0]["id"]
    assert pair(page)["left"]["name"] == shown[0]["id"]
    page.selectbox(key="generated-label").select(None).run()
    assert page.selectbox(key=state.IMAGE).value == shown[0]["id"]


def test_owner_standing_and_quality_are_filters(page: AppTest, tmp_path: Path) -> None:
    result = open_run(Workspace(tmp_path / "home"), "first")
    table = result.generated_table()
    page.selectbox(key="generated-owner").select("Ben").run()
    of = [result.contributors(card["id"])[0].owner for card in cards(page, "Generated images")]
    assert of and set(of) == {"Ben"}
    page.selectbox(key="generated-owner").select(None).run()
    page.slider(key="generated-quality").set_value((0.5, 1.0)).run()
    expected = table[table["quality"].between(0.5, 1)]["generated"].tolist()[:30]
    assert [card["id"] for card in cards(page, "Generated images")] == sorted(expected)
    page.slider(key="generated-quality").set_value((0.0, 1.0)).run()
    page.selectbox(key="generated-standing").select("near copy").run()
    copies = table[table["standing"] == "near copy"]["generated"].tolist()
    if copies:
        assert [card["id"] for card in cards(page, "Generated images")] == sorted(copies)[:30]
    else:
        assert page.info[0].value == "No generated image passes these filters."


def test_attributes_are_a_filter(app: AppTest, copied: Callable[..., None]) -> None:
    copied(write_judged_run)
    open_page(app, "contributors")
    filter = app.selectbox(key="generated-attribute")
    assert filter.options == ["hat: no", "hat: yes"]
    filter.select("hat: yes").run()
    assert not app.exception
    names = [card["id"] for card in cards(app, "Generated images")]
    assert len(names) == 2 and pair(app)["left"]["name"] == names[0]
    look_at(app, state.TRAINING_VIEW)
    app.selectbox(key="training-attribute").select("noise: yes").run()
    assert len(cards(app, "Training images")) == 6


def test_the_gallery_folds_away(page: AppTest) -> None:
    page.toggle(key="generated-open").set_value(False).run()
    assert not page.exception
    with pytest.raises(StopIteration):
        cards(page, "Generated images")
    assert pair(page)["left"]["name"] == "class0/0000.png"


def test_estimated_distances_are_marked(page: AppTest, tmp_path: Path) -> None:
    page.number_input(key="k").set_value(24).run()
    exact = [c.exact for c in open_run(
        Workspace(tmp_path / "home"), "first").contributors("class0/0000.png")]  # fmt: skip
    assert all(exact)
    told = [card["hover"] for card in cards(page, "Closest training images")]
    assert len(told) == 24
    assert not any("estimate" in words for words in told[:20])
    assert all("(estimate)" in words for words in told[20:])


def test_previous_and_next_turn_the_page_too(page: AppTest) -> None:
    assert button(page, "Previous").disabled
    image = page.selectbox(key=state.IMAGE)
    image.select(image.options[29]).run()
    button(page, "Next").click().run()
    assert not page.exception
    assert page.selectbox(key=state.IMAGE).value == image.options[30]
    assert cards(page, "Generated images")[0]["id"] == image.options[30]
    button(page, "Previous").click().run()
    assert page.selectbox(key=state.IMAGE).value == image.options[29]
    assert len(cards(page, "Generated images")) == 30


def test_the_page_of_the_gallery_can_be_turned_and_follows_the_image(page: AppTest) -> None:
    everything = page.selectbox(key=state.IMAGE).options
    page.pagination[0].set_value(2).run()
    assert not page.exception
    assert [card["id"] for card in cards(page, "Generated images")] == everything[30:]
    assert page.selectbox(key=state.IMAGE).value == everything[0]
    page.selectbox(key=state.IMAGE).select(everything[35]).run()
    assert len(cards(page, "Generated images")) == 10
    page.selectbox(key=state.IMAGE).select(everything[3]).run()
    assert len(cards(page, "Generated images")) == 30


def test_search_label_and_order(page: AppTest) -> None:
    page.text_input(key="generated-find").set_value("CLASS1/").run()
    assert {card["id"][:7] for card in cards(page, "Generated images")} == {"class1/"}
    page.text_input(key="generated-find").set_value("no such name").run()
    assert page.info[0].value == "No generated image passes these filters."
    page.text_input(key="generated-find").set_value("").run()
    page.selectbox(key="generated-label").select("class2").run()
    assert len(cards(page, "Generated images")) == 13
    for order in page.selectbox(key="generated-order").options:
        page.selectbox(key="generated-order").select(order).run()
        assert not page.exception
    page.selectbox(key="generated-order").select("Quality, lowest first").run()
    told = [float(card["lines"][0].split()[1]) for card in cards(page, "Generated images")]
    assert told == sorted(told) and told[0] != told[-1]
    page.selectbox(key="generated-order").select("Nearest embedding, largest distance first").run()
    told = [float(card["lines"][0].split()[1]) for card in cards(page, "Generated images")]
    assert told == sorted(told, reverse=True)


def test_a_contributor_is_compared_and_leads_to_all_that_it_gave_to(page: AppTest) -> None:
    other = page.selectbox(key=state.TRAINING)
    other.select(other.options[2]).run()
    assert pair(page)["facts"][0] == "Contributor 3 of 10"
    button(page, "What else").click().run()
    assert not page.exception
    assert page.segmented_control(key=state.VIEW).value == state.TRAINING_VIEW
    assert page.selectbox(key=state.TRAINING).value == other.options[2]
    parts = cards(page, "Generated images that it contributed to")
    assert "class0/0000.png" in [card["id"] for card in parts]
    assert page.selectbox(key=state.IMAGE).value == "class0/0000.png"
    button(page, "All contributors").click().run()
    assert page.segmented_control(key=state.VIEW).value == state.GENERATED_VIEW
    assert page.selectbox(key=state.TRAINING).value == other.options[2]


def test_another_image_forgets_the_one_compared_with(page: AppTest) -> None:
    other = page.selectbox(key=state.TRAINING)
    other.select(other.options[3]).run()
    button(page, "Next").click().run()
    first = cards(page, "Closest training images")[0]["id"]
    assert page.selectbox(key=state.TRAINING).value == first


def test_the_training_images_and_what_they_gave_to(page: AppTest, tmp_path: Path) -> None:
    compared = page.selectbox(key=state.TRAINING).value
    look_at(page, state.TRAINING_VIEW)
    assert pair(page)["left"]["name"] == compared
    page = new_session()
    page.query_params[state.VIEW] = state.TRAINING_VIEW
    open_page(page, "contributors")
    result = open_run(Workspace(tmp_path / "home"), "first")
    top = result.values_table().sort_values("value", ascending=False, kind="stable").iloc[0]
    assert page.selectbox(key=state.TRAINING).value == top["training"]
    parts = cards(page, "Generated images that it contributed to")
    expected = [one.generated for one in result.generated_of(top["training"])]
    assert [card["id"] for card in parts] == expected[:30]
    other = page.selectbox(key=state.IMAGE)
    other.select(other.options[1]).run()
    assert not page.exception and not page.info
    page.text_input(key="training-find").set_value("0004").run()
    assert [card["id"] for card in cards(page, "Training images")] == ["class1/0004.png"]
    for order in page.selectbox(key="training-order").options:
        page.selectbox(key="training-order").select(order).run()
        assert not page.exception


def test_a_training_image_without_value_says_so(page: AppTest, tmp_path: Path) -> None:
    page.number_input(key="k").set_value(1).run()
    look_at(page, state.TRAINING_VIEW)
    page.selectbox(key="training-order").select("Value, lowest first").run()
    first = cards(page, "Training images")[0]["id"]
    page.selectbox(key=state.TRAINING).set_value(first).run()
    assert "closest of no generated image" in page.info[0].value


def test_words() -> None:
    told = [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111, 1001)]
    assert told[:7] == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th"]
    assert told[7:] == ["21st", "102nd", "111th", "1,001st"]
    assert plain("a_b [c](d)") == r"a\_b \[c\]\(d\)"
