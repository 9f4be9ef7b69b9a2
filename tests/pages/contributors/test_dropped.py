"""Contributors: images dropped in or pasted, answered at once or kept as a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import RunSettings, Workspace, build, open_source
from gmv_core.jobs.arguments import run_arguments
from gmv_core.matching.dropped import MOST
from tests.clusters import write_copies
from tests.fakes import draw, fake_embedder, png, write_images
from tests.pages.conftest import WriteRun, cards, drop, open_page, pair
from tests.pages.contributors.conftest import button, look_at
from ui.frame import state
from ui.widgets.pictures.paste import _decoded


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


def test_a_run_by_clusters_answers_by_clusters_and_another_set_by_itself(
    app: AppTest, copied: Callable[..., None], home: Workspace, tmp_path: Path
) -> None:
    copied(write_copies)
    source = open_source(write_images(tmp_path / "other", 12, first_seed=300))
    build(home, source, name="other", embedder=fake_embedder())
    app.query_params[state.IMAGE] = "copy0.png"
    page = open_page(app, "contributors")
    stored = cards(page, "Closest training images")
    look_at(page, state.DROP_VIEW)
    drop(page, ("mine.png", (tmp_path / "made" / "copy0.png").read_bytes()))
    found = cards(page, "Closest training images")
    assert [card["id"] for card in found] == [card["id"] for card in stored]
    assert found[0]["id"] == "00.png"
    page.selectbox(key=state.AGAINST).set_value("other").run()
    assert not page.error and not page.exception
    assert "each of the closest images earns" in " ".join(one.value for one in page.caption)
    assert len(cards(page, "Closest training images")) == 4


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
