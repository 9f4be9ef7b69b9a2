"""The page on reviews: a design, blind pairs, undo, results afterwards, who may do what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import ReviewSettings, Workspace, list_reviews, make_review
from gmv_core.audit.review.judging import QUESTION, has_looked
from gmv_core.audit.review.people import reviewers
from gmv_core.audit.review.reviews import reviews_table
from gmv_core.store.access import READ_ONLY
from tests.pages.conftest import WriteRun, new_session, open_page
from ui.people import review_pair


@pytest.fixture
def page(app: AppTest, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(review_pair, "LEAST_SECONDS", 0)
    write_run("first", generated=4)
    return open_page(app, "review")


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def button(app: AppTest, label: str) -> None:
    next(b for b in app.button if b.label == label).click().run()
    assert not app.exception and not app.error


def fill(fields: Any, label: str, value: int) -> None:  # noqa: ANN401  (AppTest's lists)
    next(one for one in fields if one.label == label).set_value(value)


def labels(app: AppTest) -> list[str]:
    return [b.label for b in app.button]


def begin(app: AppTest, name: str) -> None:
    app.text_input(key="reviewer-typed").set_value(name).run()
    button(app, "Start judging")


def review_of(place: Workspace, pairs: int = 12) -> str:
    return make_review(place, "first", settings=ReviewSettings(pairs=pairs)).id


def texts(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.success, app.info, app.title, app.header)
    return " ".join(one.value for kind in kinds for one in kind)


def test_without_a_run_it_says_what_to_do(app: AppTest) -> None:
    open_page(app, "review")
    assert app.info[0].value == "Nothing has been valued in this workspace yet."


def test_a_design_makes_a_review(page: AppTest, place: Workspace) -> None:
    fill(page.number_input, "Pairs to judge", 20)
    fill(page.slider, "Controls among them", 10)
    fill(page.slider, "Judged by every reviewer", 50)
    fill(page.number_input, "Seed", 7)
    button(page, "Make the review")
    (review,) = list_reviews(place)
    assert review.design.settings == ReviewSettings(20, 0.1, overlap=0.5, seed=7)
    assert page.selectbox(key="review").value == review.id


def test_a_design_that_does_not_fit_is_a_sentence(page: AppTest, place: Workspace) -> None:
    fill(page.number_input, "Pairs to judge", 3)
    next(b for b in page.button if b.label == "Make the review").click().run()
    assert "too few for" in page.error[0].value and list_reviews(place) == []


def test_pairs_are_judged_blind_one_after_the_other(page: AppTest, place: Workspace) -> None:
    review = review_of(place)
    page.run()
    begin(page, "Cleo")
    rows = {row["place"]: row for row in reviews_table(place, "first").to_pylist()}
    for number in range(1, 13):
        assert any(f"Pair {number} of 12" in bar.text for bar in page.get("progress"))
        assert QUESTION in texts(page)
        (sent,) = [json.loads(one.proto.json) for one in page.get("bidi_component")]
        assert [picture["alt"] for picture in sent["pictures"]] == [
            f"{side} picture of pair {number}" for side in ("Left", "Right")
        ]
        said = texts(page) + json.dumps(sent)
        row = rows[number - 1]
        for hidden in (row["training"], row["generated"], row["owner"], row["standing"]):
            assert not hidden or hidden not in said
        if number == 2:
            page.text_input(key=f"note {review} 1").set_value("Same hat").run()
        button(page, ("Yes", "No", "Unsure")[number % 3])
    assert "Cleo, you have judged all 12 pairs." in texts(page)
    assert "Results" in texts(page) and "Cleo gave the expected answer to" in texts(page)
    judged = [row for row in reviews_table(place, "first").to_pylist() if row["reviewer"]]
    assert [row["verdict"] for row in judged[:3]] == ["no", "unsure", "yes"]
    assert judged[1]["note"] == "Same hat" and judged[0]["seconds"] >= 0


def test_a_verdict_is_undone_and_the_work_is_gone_on_with(page: AppTest, place: Workspace) -> None:
    review = review_of(place)
    page.run()
    begin(page, "Ada")
    button(page, "Yes"), button(page, "Yes"), button(page, "Undo")
    assert [one.done for one in reviewers(place, review)] == [1]
    other = open_page(new_session(), "review")
    other.text_input(key="reviewer-typed").set_value("Ada").run()
    assert any("Pair 2 of 12" in bar.text for bar in other.get("progress"))
    button(other, "No")
    # The first window still shows pair 2: its verdict is not taken for pair 3.
    next(b for b in page.button if b.label == "Yes").click().run()
    assert "judged in another window" in page.error[0].value
    assert [one.done for one in reviewers(place, review)] == [2]


def test_results_are_hidden_until_the_end_or_asked_for(page: AppTest, place: Workspace) -> None:
    review = review_of(place)
    page.run()
    assert "Results" not in texts(page)
    begin(page, "Ada")
    button(page, "Yes")
    assert "particularly alike" not in texts(page) and "Results" not in texts(page)
    button(page, "Show the results before I am done")
    assert "Results" in texts(page)
    while "Undo the last" not in labels(page):
        button(page, "No")
    assert "11 verdicts of Ada came after a look at the results." in texts(page)
    button(page, "Undo the last")
    assert [one.done for one in reviewers(place, review)] == [11]


def test_who_does_not_judge_sees_the_results(page: AppTest, place: Workspace) -> None:
    review_of(place)
    page.run()
    page.toggle(key="review-results").set_value(True).run()
    assert "Nobody has judged a pair yet." in texts(page)


def test_a_verdict_that_comes_too_soon_is_not_kept(
    page: AppTest, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = review_of(place)
    page.run()
    begin(page, "Ada")
    monkeypatch.setattr(review_pair, "LEAST_SECONDS", 1000)
    button(page, "Yes")
    assert "too fast" in page.toast[0].value
    assert [one.done for one in reviewers(place, review)] == [0]


def test_a_review_is_deleted(page: AppTest, place: Workspace) -> None:
    review_of(place)
    page.run()
    button(page, "Delete it for good")
    assert list_reviews(place) == []
    assert "Make the review" in labels(page)


def test_read_only_nobody_judges_and_the_results_are_there(
    page: AppTest, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(READ_ONLY, "1")
    page.run()
    assert "Nobody has made a review" in texts(page) and "Make the review" not in labels(page)
    monkeypatch.delenv(READ_ONLY)
    review_of(place)
    monkeypatch.setenv(READ_ONLY, "1")
    page.run()
    assert not {"Start judging", "Make the review", "Delete it for good"} & set(labels(page))
    page.toggle(key="review-results").set_value(True).run()
    assert not page.exception and "Nobody has judged" in texts(page)


def test_a_name_from_outside_is_no_markdown(page: AppTest, place: Workspace) -> None:
    review_of(place, 8)
    page.run()
    begin(page, "![x](http://evil.example/a.png)")
    while "Undo the last" not in labels(page):
        button(page, "No")
    assert "![x](http" not in texts(page)


def test_among_how_many_the_others_are_divided_is_asked_where_there_are_others(
    page: AppTest, place: Workspace
) -> None:
    asked = "Reviewers who share the other pairs"
    assert asked not in [one.label for one in page.number_input]
    next(one for one in page.slider if one.label == "Judged by every reviewer").set_value(40).run()
    next(one for one in page.number_input if one.label == asked).set_value(3).run()
    button(page, "Make the review")
    (review,) = list_reviews(place)
    assert (review.design.settings.overlap, review.design.settings.reviewers) == (0.4, 3)


def test_a_name_in_another_spelling_comes_back_to_its_pairs(
    page: AppTest, place: Workspace
) -> None:
    review = review_of(place)
    page.run()
    begin(page, "Ada")
    button(page, "Yes")
    button(page, "Someone else")
    page.text_input(key="reviewer-typed").set_value(" ADA ").run()
    assert any("Pair 2 of 12" in bar.text for bar in page.get("progress"))
    button(page, "No")
    assert [(one.name, one.done) for one in reviewers(place, review)] == [("Ada", 2)]


def test_who_looked_at_the_results_first_does_not_judge_blind(
    page: AppTest, place: Workspace
) -> None:
    review = review_of(place)
    page.run()
    page.toggle(key="review-results").set_value(True).run()
    page.toggle(key="review-results").set_value(False).run()
    begin(page, "Ada")
    assert has_looked(place, review, "Ada")
    button(page, "Someone else")
    begin(page, "Ben")
    assert not has_looked(place, review, "Ben")


def test_what_is_judged_again_after_the_end_is_not_blind(page: AppTest, place: Workspace) -> None:
    review = review_of(place)
    page.run()
    begin(page, "Ada")
    while "Undo the last" not in labels(page):
        button(page, "No")
    assert not has_looked(place, review, "Ada")
    button(page, "Undo the last")
    button(page, "Yes")
    assert "1 verdict of Ada came after a look at the results." in texts(page)


def test_an_editor_hands_over_what_someone_left(page: AppTest, place: Workspace) -> None:
    settings = ReviewSettings(pairs=20, overlap=0.5, reviewers=2)
    review = make_review(place, "first", settings=settings).id
    page.run()
    begin(page, "Ada")
    button(page, "Yes")
    button(page, "Hand over")
    assert "handed over" in page.toast[0].value
    (ada,) = reviewers(place, review)
    assert ada.of < 15
    next(b for b in page.button if b.label == "Hand over").click().run()
    assert "no pair to hand over" in page.error[0].value


def test_pairs_judged_differently_stand_side_by_side(page: AppTest, place: Workspace) -> None:
    review = review_of(place)
    page.run()
    begin(page, "Ada")
    page.text_input(key=f"note {review} 0").set_value("Same <b>hat</b>").run()
    while "Undo the last" not in labels(page):
        button(page, "Yes")
    button(page, "Someone else")
    begin(page, "Generated")
    while "Undo the last" not in labels(page):
        button(page, "No")
    (table,) = [one.value for one in page.dataframe]
    assert list(table.columns)[-2:] == ["By Ada", "By Generated"] and "Rank" in table
    kinds = [row["kind"] for row in reviews_table(place, "first").to_pylist() if row["reviewer"]]
    assert len(table) == kinds.count("pair") / 2
    assert table["By Ada"].iloc[0] in ("yes", "yes: Same <b>hat</b>")
    (controls,) = [t.value for t in page.table if "Expected" in t.value]
    assert set(controls["Passed"]) <= {f"{n} of 1" for n in (0, 1)}
