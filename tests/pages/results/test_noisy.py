"""The page on noisy data: filters, marks that outlive the session, values without the marked."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, WorkspaceError, build, labels_for, open_run, open_source, value
from gmv_core.store.marks import FILE, mark, marked
from gmv_core.store.workspace import ImageSet
from tests.clusters import write_copies
from tests.fakes import fake_embedder, write_images
from tests.pages.conftest import WriteRun, new_session, open_page


@pytest.fixture
def page(app: AppTest, write_run: WriteRun) -> AppTest:
    write_run("first", generated=2)
    return open_page(app, "noisy")


def training(tmp_path: Path) -> ImageSet:
    return Workspace(tmp_path / "home").image_set("first-set")


def picker(app: AppTest) -> list[str]:
    """The images shown, as the list beside the gallery has them."""
    listed = next(box for box in app.selectbox if box.label.startswith("Mark one"))
    return [name.removesuffix(" (marked)") for name in listed.options]


def toggle(app: AppTest, *names: str) -> None:
    for name in names:
        next(box for box in app.selectbox if box.label.startswith("Mark one")).select(name).run()
        assert not app.exception


def button(app: AppTest, label: str) -> None:
    next(b for b in app.button if b.label.startswith(label)).click().run()
    assert not app.exception


def test_without_a_run_it_says_what_to_do(app: AppTest) -> None:
    open_page(app, "noisy")
    assert app.info[0].value == "Nothing has been valued in this workspace yet."


def test_the_ranking_from_the_bottom_is_shown(page: AppTest, tmp_path: Path) -> None:
    ranking = open_run(Workspace(tmp_path / "home"), "first").noisy()
    assert picker(page) == ranking["training"].tolist()
    told = {metric.label: metric.value for metric in page.metric}
    assert told["Marked for removal"] == "0"
    parts = ("Never near", "Candidate only", "Contributors")
    assert sum(int(told[part]) for part in parts) == 24


@pytest.mark.parametrize("part", ["never a contributor", "contributor"])
def test_the_standings_are_told_apart(page: AppTest, tmp_path: Path, part: str) -> None:
    page.segmented_control(key="filter").set_value(part).run()
    ranking = open_run(Workspace(tmp_path / "home"), "first").noisy()
    wanted = ranking[ranking["standing"] == part]["training"].tolist()
    assert wanted and picker(page) == wanted


def test_an_empty_part_is_a_sentence(page: AppTest) -> None:
    page.segmented_control(key="filter").set_value("never a candidate").run()
    assert page.info[0].value == "No training image stands here."
    page.segmented_control(key="filter").set_value("marked").run()
    assert page.info[0].value == "Nothing is marked. Click an image to mark it."


def test_marks_are_kept_and_taken_away(page: AppTest, tmp_path: Path) -> None:
    first, second, third = picker(page)[:3]
    toggle(page, first, second)
    assert marked(training(tmp_path)) == {first, second}
    toggle(page, third, first)
    assert marked(training(tmp_path)) == {second, third}
    other = open_page(new_session(), "noisy")
    assert {m.label: m.value for m in other.metric}["Marked for removal"] == "2"
    other.segmented_control(key="filter").set_value("marked").run()
    assert set(picker(other)) == {second, third}
    button(other, "Clear all marks")
    assert marked(training(tmp_path)) == frozenset()


def test_all_shown_can_be_marked_page_by_page(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.analysis.noise.marking.PAGE_IMAGES", 10)
    page.run()
    shown = picker(page)
    button(page, "Mark all 10 shown")
    assert marked(training(tmp_path)) == set(shown)
    page.pagination[0].set_value(3).run()
    assert len(picker(page)) == 4 and not set(picker(page)) & set(shown)
    button(page, "Mark all 4 shown")
    assert len(marked(training(tmp_path))) == 14
    button(page, "Clear all marks")
    page.segmented_control(key="filter").set_value("contributor").run()
    of = {metric.label: metric.value for metric in page.metric}["Contributors"]
    button(page, f"Mark all {of} of this kind")
    assert len(marked(training(tmp_path))) == int(of) > 10


def test_values_without_the_marked(page: AppTest, tmp_path: Path) -> None:
    assert page.info[0].value.startswith("Mark images first")
    top = picker(page)[-2:]
    toggle(page, *top)
    page.toggle(key="leave-out").set_value(True).run()
    assert not page.exception
    result = open_run(Workspace(tmp_path / "home"), "first")
    handed_out = result.values_table()["value"].sum()
    told = next(t.value for t in page.markdown if t.value.startswith("The marked images held"))
    assert f"now hold {handed_out:.3g}, before" in told
    assert any("other images change in value" in text.value for text in page.markdown)
    assert not set(page.selectbox(key="moved-marked-open").options) & set(top)
    name = page.selectbox(key="moved-marked-open").options[0]
    page.selectbox(key="moved-marked-open").select(name).run()
    assert page.title[0].value == "Contributors"
    assert page.selectbox(key="training").value == name


def test_marks_that_cannot_be_written_are_a_sentence(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise WorkspaceError("The marks cannot be written; check the disk.")

    monkeypatch.setattr("gmv_core.store.marks.mark", fail)
    page.run()
    button(page, "Mark all")
    assert page.error[0].value == "The marks cannot be written; check the disk."
    toggle(page, picker(page)[0])
    assert page.error[0].value == "The marks cannot be written; check the disk."


def test_a_broken_file_of_marks_is_a_sentence(page: AppTest, tmp_path: Path) -> None:
    (training(tmp_path).folder / FILE).write_text("{")
    page.run()
    assert not page.exception
    assert "are not readable; delete that file to start anew." in page.error[0].value


def test_too_few_candidates_are_said(page: AppTest, tmp_path: Path) -> None:
    mark(training(tmp_path), picker(page)[:20])
    page.run()
    page.toggle(key="leave-out").set_value(True).run()
    assert "2 generated images keep fewer than 10 candidates" in page.warning[0].value
    mark(training(tmp_path), picker(page))
    page.run()
    assert "All training images are marked" in page.info[-1].value


def test_images_that_gave_nothing_change_nothing(page: AppTest, tmp_path: Path) -> None:
    mark(training(tmp_path), picker(page)[:1])
    page.run()
    page.toggle(key="leave-out").set_value(True).run()
    assert "No other image's value changes" in page.info[-1].value


def test_known_noise_is_judged(app: AppTest, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    source = open_source(write_images(tmp_path / "train", 24))
    names = source.names or []
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "hat", "planted_noise", "nothing", "noise_grade"])
        rows.writerows([n, "no" if i % 2 else "yes", "yes" if i < 6 else "no", "yes", i % 3]
                       for i, n in enumerate(names))  # fmt: skip
    labels = labels_for(source, tmp_path / "labels.csv")
    build(workspace, source, name="first-set", labels=labels, embedder=fake_embedder())
    made = open_source(write_images(tmp_path / "made", 2, first_seed=100))
    value(workspace, made, against="first-set", name="first", embedder=fake_embedder())
    open_page(app, "noisy")
    column = app.selectbox(key="noise")
    assert column.value == "planted_noise" and column.options == [
        "planted_noise", "hat", "nothing", "noise_grade",
    ]  # fmt: skip
    from gmv_core.criteria import known_noise

    auroc = known_noise.judge(open_run(workspace, "first"), "planted_noise").detection.auroc
    text = " ".join(t.value for t in app.markdown)
    assert f"in {100 * auroc:.3g} % of all pairs (AUROC" in text
    assert "of the first 6, " in text and "By chance it would be 25 %" in text
    column.select("nothing").run()
    assert not app.exception
    assert "there is nothing to tell apart" in app.info[-1].value
    app.selectbox(key="noise").select("noise_grade").run()
    assert "one of the 16 noisy and one clean" in " ".join(t.value for t in app.markdown)
    rule = next(field for field in app.text_input if field.label == "Which grades mean noise")
    rule.set_value("=2").run()
    assert "one of the 8 noisy and one clean" in " ".join(t.value for t in app.markdown)
    rule = next(field for field in app.text_input if field.label == "Which grades mean noise")
    rule.set_value("bad").run()
    assert not app.exception and "'bad' is no rule for noise" in app.error[0].value


def test_near_copies_stand_in_for_what_is_left_out(
    app: AppTest, copied: Callable[..., None], tmp_path: Path
) -> None:
    copied(write_copies)
    mark(Workspace(tmp_path / "home").image_set("train"), ["00.png"])
    page = open_page(app, "noisy")
    page.toggle(key="leave-out").set_value(True).run()
    assert not page.exception and not page.warning
    said = " ".join(one.value for one in page.caption)
    assert "a near copy stands in for an image left out, at that image's distance" in said
