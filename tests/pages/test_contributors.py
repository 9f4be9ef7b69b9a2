"""The page on contributors, through app.py: every view, every widget, and images dropped in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import RunSettings, Workspace, build, open_run, open_source
from gmv_core.jobs import control
from gmv_core.jobs.arguments import run_arguments
from gmv_core.matching.dropped import MOST
from gmv_core.words import hundredths, number, share_text
from tests.built import write_judged_run
from tests.fakes import draw, fake_embedder, png, write_images
from tests.pages.conftest import WriteRun, cards, drop, new_session, open_page, pair
from ui.frame import state
from ui.frame.markdown import plain
from ui.images.one_generated import ordinal
from ui.widgets.pictures.paste import _decoded

IMAGES = 40  # more than a page of the gallery


@pytest.fixture
def app(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("gmv_core.matching.matcher.reload_embedder", lambda *_: fake_embedder())
    return new_session()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Note what jobs are asked to do instead of doing it."""
    asked: list[tuple[str, ...]] = []

    def start(_: Workspace, arguments: Sequence[str], **more: Any) -> Any:  # noqa: ANN401
        asked.append((*arguments, str(more.get("uploads") or "")))
        return SimpleNamespace(target=more["target"])

    monkeypatch.setattr(control, "start", start)
    return asked


@pytest.fixture
def page(app: AppTest, write_run: WriteRun) -> AppTest:
    write_run("first", generated=IMAGES)
    return open_page(app, "contributors")


def look_at(app: AppTest, view: str) -> None:
    app.segmented_control(key=state.VIEW).set_value(view).run()
    assert not app.exception


def button(app: AppTest, label: str) -> Any:  # noqa: ANN401
    return next(one for one in app.button if one.label.startswith(label))


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


def test_a_dropped_image_is_answered_and_not_kept(page: AppTest, tmp_path: Path) -> None:
    stored = cards(page, "Closest training images")
    look_at(page, state.DROP_VIEW)
    assert "Nothing is kept" in page.info[0].value
    drop(page, ("mine.png", png(draw(100))))  # the run's first image
    found = cards(page, "Closest training images")
    assert [card["id"] for card in found] == [card["id"] for card in stored]
    assert pair(page)["left"]["name"] == "mine.png · not kept"
    page.number_input(key="k").set_value(2).run()
    assert len(cards(page, "Closest training images")) == 2
    assert not (tmp_path / "home" / "uploads").exists()


def test_several_dropped_images_a_broken_one_and_a_pasted_one(page: AppTest) -> None:
    look_at(page, state.DROP_VIEW)
    page.session_state[state.PASTED] = [png(draw(3))]
    drop(page, ("a.png", png(draw(1))), ("b.png", b"no image"), ("n.txt", b"hello"))
    (warning,) = page.warning
    assert r"b\.png: not an image" in warning.value
    choice = page.selectbox(key=state.DROPPED)
    assert choice.options == ["a.png", "pasted-1"]
    choice.select("a.png").run()
    assert pair(page)["left"]["name"] == "a.png · not kept"
    button(page, "Forget what was pasted").click().run()
    assert not page.exception
    assert pair(page)["left"]["name"] == "a.png · not kept"


def test_only_broken_files_are_one_sentence_and_never_kept(page: AppTest) -> None:
    look_at(page, state.DROP_VIEW)
    drop(page, ("n.txt", b"hello"))
    assert len(page.error) == 1
    drop(page, ("b.png", b"no image"))
    assert len(page.warning) == 1 and not page.error
    assert not any(one.label == "Keep as a result" for one in page.button)


def test_an_example_is_answered(page: AppTest) -> None:
    look_at(page, state.DROP_VIEW)
    shown = cards(page, "Examples")
    assert [card["id"] for card in shown] == ["bear", "cat", "person", "rabbit", "robot"]
    assert shown[0]["src"].startswith("data:image/png")
    page.session_state[state.PASTED] = [png(draw(3))]  # as a click on one leaves it
    page.run()
    assert pair(page)["left"]["name"] == "pasted-1 · not kept"
    with pytest.raises(StopIteration):
        cards(page, "Examples")


def test_a_label_is_typed_and_kept_with_the_run(
    page: AppTest, started: list[tuple[str, ...]]
) -> None:
    look_at(page, state.DROP_VIEW)
    drop(page, ("mine.png", png(draw(100))))
    page.selectbox(key="label-mine.png").select("class1").run()
    assert pair(page)["left"]["kind"] == "Generated image · class1"
    page.text_input[0].set_value("kept")
    button(page, "Keep as a result").click().run()
    assert not page.exception and not page.error
    ((_, location, *rest, _),) = started
    table = Path(rest[rest.index("--labels") + 1])
    assert table.read_text().split() == ["name,label", "mine.png,class1"]
    assert [path.name for path in Path(location).iterdir()] == ["mine.png"]


def test_labels_come_from_a_table(page: AppTest) -> None:
    look_at(page, state.DROP_VIEW)
    drop(page, ("mine.png", png(draw(100))))
    table = b"name,label\nmine.png,class2\n"
    page.file_uploader(key="drop-table").set_value([("any.csv", table, "text/csv")]).run()
    assert not page.exception and not page.error
    assert pair(page)["left"]["kind"] == "Generated image · class2"
    other = b"name,label\nanother.png,class2\n"
    page.file_uploader(key="drop-table").set_value([("any.csv", other, "text/csv")]).run()
    assert not page.exception and len(page.error) == 1


@pytest.fixture
def finding(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("gmv_core.trust.finding.reload_embedder", lambda *_: fake_embedder())
    look_at(page, state.FIND_VIEW)
    return page


def test_my_picture_is_found_with_what_it_earned(finding: AppTest, tmp_path: Path) -> None:
    assert "Nothing is kept" in finding.info[0].value
    drop(finding, ("holiday.png", png(draw(5))))
    name = "class2/0005.png"
    assert finding.success[0].value == f"It is in the training set: {name} is the same file."
    shown = pair(finding)
    assert [shown[side]["name"] for side in ("left", "right")] == ["holiday.png", name]
    result = open_run(Workspace(tmp_path / "home"), "first")
    about = result.values_table().set_index("training").loc[name]
    told = next(one.value for one in finding.markdown if "earned a value of" in one.value)
    assert f"**{hundredths(about['value'])}**" in told
    assert f"**{about['times_contributor']} generated image" in told
    button(finding, "See these generated images").click().run()
    assert not finding.exception
    assert finding.segmented_control(key=state.VIEW).value == state.TRAINING_VIEW
    assert finding.selectbox(key=state.TRAINING).value == name


def test_a_stranger_is_not_found(finding: AppTest) -> None:
    drop(finding, ("holiday.png", png(draw(900))))
    assert not finding.success
    assert "Neither this picture nor a near copy of it" in finding.info[0].value
    assert pair(finding)["facts"][0] == "The nearest training image, not a copy"
    assert not any("earned" in one.value for one in finding.markdown)
    drop(finding, ("holiday.png", b"no image"))
    assert "The picture cannot be read: not an image" in finding.error[0].value


def test_a_finished_set_without_a_run_takes_dropped_images(app: AppTest, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    source = open_source(write_images(tmp_path / "train", 24))
    build(workspace, source, name="only", embedder=fake_embedder())
    open_page(app, "contributors")
    assert app.selectbox(key=state.AGAINST).value == "only"
    drop(app, ("mine.png", png(draw(5))))
    assert cards(app, "Closest training images")[0]["id"] == "class2/0005.png"
    app.number_input(key="k").set_value(4).run()
    assert len(cards(app, "Closest training images")) == 4


def test_many_images_become_a_run(page: AppTest, started: list[tuple[str, ...]]) -> None:
    look_at(page, state.DROP_VIEW)
    drop(page, *((f"{i}.png", png(draw(i))) for i in range(MOST + 1)))
    assert f"{MOST + 1} images take longer" in page.info[0].value
    page.text_input[0].set_value("first")
    button(page, "Keep as a result").click().run()
    assert "The name 'first' is taken" in page.error[0].value and not started
    page.text_input[0].set_value("kept")
    button(page, "Keep as a result").click().run()
    assert not page.exception
    ((_, location, *rest, uploads),) = started
    chosen = run_arguments(RunSettings(influence=True))
    assert rest == ["--against", "first-set", "--name", "kept", *chosen]
    assert not any(one.label == "Keep as a result" for one in page.button)
    assert location.startswith(uploads) and len(list(Path(location).iterdir())) == MOST + 1


def test_other_files_of_the_same_names_and_sizes_are_not_mistaken(
    page: AppTest, started: list[tuple[str, ...]]
) -> None:
    look_at(page, state.DROP_VIEW)
    first, second = ([png(draw(i)) for i in rows] for rows in (range(13), range(100, 113)))
    longest = max(map(len, first + second))
    for images in (first, second):
        padded = [image.ljust(longest, b"\0") for image in images]
        drop(page, *((f"{i}.png", image) for i, image in enumerate(padded)))
    page.text_input[0].set_value("kept")
    button(page, "Keep as a result").click().run()
    location = Path(started[0][1])
    assert {path.read_bytes() for path in location.iterdir()} == set(padded)


def test_a_run_that_is_ready_can_be_looked_at(page: AppTest, write_run: WriteRun) -> None:
    look_at(page, state.DROP_VIEW)
    write_run("kept", generated=4)
    page.session_state[state.STARTED] = "kept"
    page.run()
    assert page.success[0].value == "The result kept is ready."
    button(page, "Look at it").click().run()
    assert not page.exception and not page.success
    assert page.selectbox(key=state.RUN).value == "kept"
    assert len(cards(page, "Generated images")) == 4


def test_a_run_is_valued_again_with_another_distance(
    page: AppTest, started: list[tuple[str, ...]]
) -> None:
    page.number_input(key="k").set_value(7).run()
    button(page, "Value again").click().run()
    assert not page.exception
    distance = next(one for one in page.selectbox if one.label == "Distance")
    distance.select_index([o.split(":")[0] for o in distance.options].index("l2")).run()
    name = next(one for one in page.text_input if one.label == "Name of the new result")
    name.set_value("first").run()
    assert button(page, "Start").disabled
    name.set_value("a bad/name").run()
    button(page, "Start").click().run()
    assert "cannot be a name" in page.error[0].value and not started
    name.set_value("first-l2").run()
    button(page, "Start").click().run()
    assert not page.exception and not page.error
    assert not any(one.label == "Start" for one in page.button)
    (asked,) = started
    told = dict(word.split("=") for word in asked if "=" in word)
    assert asked[:2] == ("value", "first-generated")
    assert asked[2:6] == ("--against", "first-set", "--name", "first-l2")
    assert told["--distance"] == "l2" and told["--k"] == "7"
    assert "--held-out" not in told


def test_unseen_real_images_can_be_chosen_where_a_result_is_valued_again(
    page: AppTest, started: list[tuple[str, ...]], write_run: WriteRun
) -> None:
    write_run("second", generated=3)
    page.run()
    button(page, "Value again").click().run()
    unseen = page.selectbox(key="unseen-again")
    assert unseen.value == "" and "first-set" not in unseen.options
    unseen.select("second-set").run()
    button(page, "Start").click().run()
    assert not page.exception and "--held-out=second-set" in started[0]


def test_unseen_real_images_can_be_chosen_for_what_is_kept(
    page: AppTest, started: list[tuple[str, ...]], write_run: WriteRun
) -> None:
    write_run("second", generated=3)
    look_at(page, state.DROP_VIEW)
    drop(page, ("mine.png", png(draw(100))))
    page.selectbox(key="unseen-kept").select("second-set")
    button(page, "Keep as a result").click().run()
    assert not page.exception and "--held-out=second-set" in started[0]


def test_what_a_browser_pastes_is_not_trusted() -> None:
    assert _decoded("aGVsbG8=") == b"hello"
    assert _decoded("no base64!") == b"" and _decoded(None) == b"" and _decoded({}) == b""
    assert _decoded("A" * 14_000_000) == b""


def test_words() -> None:
    told = [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111, 1001)]
    assert told[:7] == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th"]
    assert told[7:] == ["21st", "102nd", "111th", "1,001st"]
    assert plain("a_b [c](d)") == r"a\_b \[c\]\(d\)"


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


def test_a_run_is_deleted_once_confirmed(page: AppTest, tmp_path: Path) -> None:
    home = Workspace(tmp_path / "home")
    (name,) = (run.name for run in home.runs())
    told = [block.value for block in page.markdown if "is kept." in block.value]
    assert told and name in told[0]
    page.button(key=f"delete-{name}").click().run()
    assert not page.exception and not page.error
    assert home.runs() == []
    assert not page.tabs and "Delete it for good" not in [b.label for b in page.button]
