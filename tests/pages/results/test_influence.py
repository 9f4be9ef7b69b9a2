"""The switch to predicted influence on Contributors, Values and Noisy data, and what it shows."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Result, Workspace, open_run, predict_influence, predicted_change
from gmv_core.jobs import control
from gmv_core.results.influence.what_if import owner_change
from gmv_core.store.marks import marked
from gmv_core.words import hundredths, number
from tests.fakes import draw, fake_embedder, png
from tests.pages.conftest import WriteRun, cards, drop, new_session, open_page, pair
from ui.frame import state


@pytest.fixture
def run(app: AppTest, write_run: WriteRun) -> None:
    write_run("first", generated=4)


@pytest.fixture
def predicted(run: None, home: Workspace) -> Result:
    predict_influence(home, "first")
    return open_run(home, "first")


def read_by_influence(page: str, **parameters: str) -> AppTest:
    app = new_session()
    app.query_params[state.READING] = state.INFLUENCE
    for key, value in parameters.items():
        app.query_params[key] = value
    return open_page(app, page)


def switch(app: AppTest, to: str = state.INFLUENCE) -> AppTest:
    app.segmented_control(key=state.READING).set_value(to).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return " ".join(text.value for text in (*app.markdown, *app.caption, *app.info))


@pytest.mark.parametrize("page", ["contributors", "values", "noisy"])
def test_where_it_is_not_predicted_one_button_starts_it(
    app: AppTest, run: None, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(control, "start", lambda _, arguments, **given: started.append(
        (*arguments, given["target"])))  # fmt: skip
    switch(open_page(app, page))
    assert "Influence has not been predicted for these images yet." in words(app)
    next(one for one in app.button if one.label == "Predict influence").click().run()
    assert started == [("influence", "first", "first")]
    assert not app.exception and not app.error


def test_helpful_and_harmful_images_stand_apart(app: AppTest, predicted: Result) -> None:
    switch(open_page(app, "contributors"))
    image = pair(app)["left"]["name"]
    found = predicted.influence(image)
    k = predicted.settings.k
    for kind, sign in (("helpful", 1), ("harmful", -1)):
        expected = [one for one in found if sign * one.influence > 0][:k]
        shown = cards(app, f"Most {kind} training images")
        assert expected and [card["id"] for card in shown] == [one.training for one in expected]
        assert shown[0]["lines"][0] == f"{hundredths(abs(expected[0].percent))} %"
    told = next(one for one in app.caption if "It is a prediction" in one.value)
    assert "far from perfectly" in told.value and "0.451 of 0.904" in told.help
    worst = cards(app, "Most harmful training images")[0]["id"]
    app.selectbox(key=state.TRAINING).select(worst).run()
    assert not app.exception
    assert pair(app)["right"]["name"] == worst
    assert "better without it" in " ".join(pair(app)["facts"])


def test_a_link_to_an_image_of_no_influence_says_so(app: AppTest, predicted: Result) -> None:
    read = read_by_influence("contributors", image="class0/0000.png", training="nobody.png")
    assert r"has no training image nobody\.png" in words(read)


def test_the_reading_goes_from_page_to_page_and_is_in_the_address(
    app: AppTest, predicted: Result
) -> None:
    switch(open_page(app, "contributors"))
    for page in ("quality", "values", "noisy", "contributors"):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        if page != "quality":
            assert app.segmented_control(key=state.READING).value == state.INFLUENCE
    assert cards(app, "Most harmful training images")
    other = read_by_influence("noisy")
    assert other.segmented_control(key=state.READING).value == state.INFLUENCE
    switch(other, state.ALIKE)
    assert "Never near" in [metric.label for metric in other.metric]


def test_a_training_image_and_what_it_helps_and_harms(app: AppTest, predicted: Result) -> None:
    read = read_by_influence("contributors", view=state.TRAINING_VIEW)
    totals = predicted.influence_totals().sort_values("influence", ascending=False)
    shown = [card["id"] for card in cards(read, "Training images")]
    assert shown == totals["training"].tolist()
    first = pair(read)["left"]["name"]
    assert first == shown[0]
    helped = cards(read, "Generated images that it helps most")
    for card in helped:
        of = {one.training: one.percent for one in predicted.influence(card["id"])}
        assert card["lines"] == [f"{hundredths(of[first])} %"]
    read.selectbox(key=state.IMAGE).select(helped[0]["id"]).run()
    assert not read.exception
    assert pair(read)["right"]["name"] == helped[0]["id"]
    switch(read, state.ALIKE)
    assert cards(read, "Training images")[0]["lines"][0].startswith("value")


def test_a_dropped_image_is_answered_by_influence_too(
    app: AppTest, predicted: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmv_core.matching.loading.reload_embedder", lambda *_: fake_embedder())
    read = read_by_influence("contributors", view=state.DROP_VIEW)
    drop(read, ("mine.png", png(draw(5))))
    shown = cards(read, "Most helpful training images")
    assert shown[0]["lines"][0].endswith(" %")
    assert cards(read, "Most harmful training images")


def test_values_over_the_set_and_without_an_owner(app: AppTest, predicted: Result) -> None:
    read = read_by_influence("values")
    totals = predicted.influence_totals().sort_values("influence", kind="stable")
    worst = [card["id"] for card in cards(read, "The most harmful training images")]
    assert worst == totals["training"].tolist()[:12]
    best = [card["id"] for card in cards(read, "The most helpful training images")]
    assert best == totals["training"].tolist()[::-1][:12]
    assert [head.value for head in read.header] == [
        "Without an owner", "The most helpful training images",
        "The most harmful training images", "How many training images help",
    ]  # fmt: skip
    bar = json.loads(read.get("plotly_chart")[-1].proto.spec)["data"]
    told = dict(part["name"].split(": ") for part in bar)
    assert int(told["helpful"]) + int(told["harmful"]) == 24
    assert "partly right on two" in read.warning[0].value
    assert any("it says less: 0.339" in one.help for one in read.header)
    owners = read.table[0].value
    assert owners["Owner"].tolist() == ["Ada", "Ben"]
    for owner, said in zip(owners["Owner"], owners["Predicted without them"], strict=True):
        percent = number(abs(owner_change(predicted, owner).percent))
        assert said.replace("\\", "").startswith(f"{percent} % ")
    read.selectbox(key="harmful-open").select(worst[0]).run()
    assert not read.exception and read.title[0].value == "Contributors"
    assert read.selectbox(key=state.TRAINING).value == worst[0]


def test_the_ranking_by_harm_its_parts_and_marks(
    app: AppTest, predicted: Result, home: Workspace
) -> None:
    read = read_by_influence("noisy")
    totals = predicted.influence_totals().sort_values("influence", kind="stable")
    label = "Training images from the bottom of the ranking; choosing one marks it"
    assert [card["id"] for card in cards(read, label)] == totals["training"].tolist()
    harmful = totals[totals["influence"] < 0]["training"].tolist()
    read.segmented_control(key=state.HARM).set_value("harmful").run()
    assert [card["id"] for card in cards(read, label)] == harmful
    read.segmented_control(key=state.HARM).set_value("helpful").run()
    assert not set(harmful) & {card["id"] for card in cards(read, label)}
    read.segmented_control(key=state.HARM).set_value("marked").run()
    assert "Nothing is marked." in words(read)
    read.segmented_control(key=state.HARM).set_value("all").run()
    pick = next(box for box in read.selectbox if box.label.startswith("Mark one"))
    pick.select(harmful[0]).run()
    assert marked(home.image_set("first-set")) == {harmful[0]}
    read.toggle(key=state.LEAVE_OUT).set_value(True).run()
    assert not read.exception
    told = predicted_change(predicted.leaving_out([harmful[0]]))
    assert f"is **{number(abs(told.percent))} % " in words(read)


def test_influence_of_a_set_that_has_grown_is_asked_for_again(
    app: AppTest, predicted: Result, home: Workspace
) -> None:
    record = home.run("first").folder / "influence.json"
    record.write_text(record.read_text().replace("first-set", "other-set"))
    read = read_by_influence("values")
    assert "has not been predicted for these images yet" in words(read)
