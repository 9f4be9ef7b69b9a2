"""The page Start, through app.py: what it offers in an empty workspace and in one in use."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import (
    MatchSettings,
    RunSettings,
    ValueSettings,
    Workspace,
    add,
    build,
    open_source,
    value,
)
from gmv_core.demo.make import DEMO_RUN
from gmv_core.jobs import control
from gmv_core.jobs.job import end_job, list_jobs
from tests.fakes import change_json, fake_embedder, write_images
from tests.pages.conftest import ID, PATIENCE_SECONDS, write_job


def links(app: AppTest) -> dict[str, str]:
    """Return the links of the page itself: label → address."""
    found = [link.proto for link in app.get("page_link")]
    return {link.label: f"{link.page}?{link.query_string}" for link in found}


def write_set(home: Workspace, tmp_path: Path, name: str) -> None:
    source = open_source(write_images(tmp_path / name, 24))
    build(home, source, name=name, embedder=fake_embedder())


def write_run(home: Workspace, tmp_path: Path, name: str, against: str) -> None:
    made = open_source(write_images(tmp_path / f"made-{name}", 3, first_seed=100))
    value(home, made, against=against, name=name, embedder=fake_embedder())


def test_an_empty_workspace_offers_the_demo_and_shows_some_of_its_images(app: AppTest) -> None:
    app.run()
    assert not app.exception
    assert [button.label for button in app.button] == [
        "Explore the demo", "See an owner's page", "Review the demo", "Use my own images",
    ]  # fmt: skip
    picture = app.get("html")[0].proto.body
    assert picture.count("<img") == 6 and "1. Fennick Quill" in picture
    assert "This workspace is empty." in app.caption[-1].value
    assert links(app) == {}


def test_own_images_lead_to_the_training_set(app: AppTest) -> None:
    app.run()
    next(b for b in app.button if b.label == "Use my own images").click().run()
    assert not app.exception
    assert app.title[0].value == "Training set"


def test_the_demo_is_made_by_a_job_and_opens_when_it_is_there(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "cats")
    with home.writing():  # so that the job waits
        app.run()
        app.button[0].click().run()
        assert not app.exception
        (job,) = list_jobs(home)
        assert (job.arguments, job.target) == (("demo",), DEMO_RUN)
        assert app.title[0].value == "Attribution explorer", "it shows the progress here"
        assert any("You may leave this page" in caption.value for caption in app.caption)
        app.button[0].click().run()
        assert len(list_jobs(home)) == 1, "a second click starts no second job"
        control.cancel(home, job.id)
    write_run(home, tmp_path, DEMO_RUN, "cats")
    app.run()
    assert not app.exception
    assert app.title[0].value == "Contributors"
    assert app.selectbox(key="run").value == DEMO_RUN


def test_the_demo_that_is_there_opens_at_once(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "cats")
    write_run(home, tmp_path, DEMO_RUN, "cats")
    write_run(home, tmp_path, "another", "cats")
    app.run()
    assert app.title[0].value == "Attribution explorer", "nobody asked for it"
    app.button[0].click().run()
    assert not app.exception
    assert app.title[0].value == "Contributors"
    assert app.selectbox(key="run").value == DEMO_RUN
    assert list_jobs(home) == []


@pytest.mark.parametrize(
    ("door", "page"),
    [
        ("I made a model", "Contributors"),
        ("Were my images used?", "Owners"),
        ("I check claims", "Review"),
    ],
)
def test_each_door_leads_to_its_page_on_the_demo(
    app: AppTest, home: Workspace, tmp_path: Path, door: str, page: str
) -> None:
    write_set(home, tmp_path, "cats")
    write_run(home, tmp_path, DEMO_RUN, "cats")
    write_run(home, tmp_path, "another", "cats")
    app.run()
    app.button(key=door).click().run()
    assert not app.exception
    assert app.title[0].value == page
    assert app.selectbox(key="run").value == DEMO_RUN


def test_the_door_that_was_chosen_opens_when_the_demo_is_made(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "cats")
    with home.writing():  # so that the job waits
        app.run()
        app.button(key="I check claims").click().run()
        (job,) = list_jobs(home)
        control.cancel(home, job.id)
    write_run(home, tmp_path, DEMO_RUN, "cats")
    app.run()
    assert not app.exception
    assert app.title[0].value == "Review"


def test_one_image_is_not_told_in_the_plural(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    source = open_source(write_images(tmp_path / "cats", 1))
    build(home, source, name="cats", embedder=fake_embedder())
    made = open_source(write_images(tmp_path / "made", 1, first_seed=100))
    value(home, made, against="cats", name="look", embedder=fake_embedder())
    app.run()
    assert not app.exception
    assert list(links(app))[:2] == [
        "Next: look at look, image by image",
        "**cats** · 1 image · 1 label",
    ]
    assert "**look** · 1 generated image against cats" in links(app)


def test_sets_and_runs_are_links_and_a_run_is_shown(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "cats")
    write_run(home, tmp_path, "look", "cats")
    app.run()
    assert not app.exception
    assert links(app) == {
        "**cats** · 24 images · 3 labels": "training_set?set=cats",
        "**look** · 3 generated images against cats": "contributors?run=look",
        "Next: look at look, image by image": "contributors?run=look",
    }
    picture = app.get("html")[0].proto.body
    assert picture.count("<img") == 6 and "1. class" in picture


def test_a_set_without_a_run_asks_for_generated_images(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "cats")
    app.run()
    asked = links(app)["Next: drop generated images to compare with cats"]
    assert asked.startswith("contributors?") and asked.endswith("against=cats")


def test_a_half_built_set_asks_to_be_finished(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "cats")
    images = home.image_set("cats")
    change_json(images, state="building")
    app.run()
    assert not app.exception
    assert links(app) == {
        "**cats** · unfinished": "training_set?set=cats",
        "Next: finish the set cats": "training_set?set=cats",
    }


def test_a_set_that_is_being_built_shows_its_job(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "x")
    change_json(home.image_set("x"), state="building")
    write_job(home, alive=True, state="running", stage="embed", done=1536, total=50_000)
    app.run()
    assert not app.exception
    assert list(links(app)) == ["**x** · Reading and embedding · 1,536 of 50,000 images"]


def test_a_failed_job_is_told(app: AppTest, home: Workspace) -> None:
    write_job(home, alive=False)
    end_job(home.root / "jobs" / ID, "failed", "The disk is full.")
    app.run()
    assert not app.exception
    assert app.error[0].value == "The disk is full."


def test_a_run_whose_set_is_gone_spoils_the_picture_alone(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "cats")
    write_run(home, tmp_path, "look", "cats")
    home.image_set("cats").images.drop()
    app.run()
    assert not app.exception
    assert "which now has 0" in app.error[0].value
    assert len(links(app)) == 3


@pytest.mark.models
def test_a_run_whose_set_has_grown_is_valued_again(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    build(home, open_source(write_images(tmp_path / "cats", 24)), name="cats")
    made = open_source(write_images(tmp_path / "made", 3, first_seed=100))
    settings = RunSettings(MatchSettings(candidates=9), ValueSettings(k=4, temperature="auto"))
    value(home, made, against="cats", name="look", settings=settings)
    before = home.run("look").manifest()
    write_images(tmp_path / "more" / "x", 6, first_seed=50)
    add(home, "cats", open_source(tmp_path / "more"))
    app.run()
    assert not app.exception and not app.error
    assert "contributors?run=look" not in links(app).values(), "it could not be opened"
    app.button(key="again-look").click().run()
    assert not app.exception
    end = time.monotonic() + PATIENCE_SECONDS
    while (job := list_jobs(home)[0]).active:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert job.message == ""
    app.run()
    assert not app.exception and not app.error
    assert "contributors?run=look" in links(app).values()
    after = home.run("look").manifest()
    assert after.training.images == 30
    assert after.value == before.value
    assert after.inputs.matches.candidates == 9


def test_what_cannot_be_read_can_be_removed(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path, "cats")
    write_run(home, tmp_path, "look", "cats")
    for record in (home.image_set("cats"), home.run("look")):
        change_json(record, format=0)
    app.run()
    assert not app.exception
    told = [m.value for m in app.markdown if "was written in format 0" in m.value]
    assert len(told) == 2
    assert "Explore the demo" in [button.label for button in app.button]
    app.button(key="remove-set-cats").click().run()
    assert "is used by the run 'look'; delete that run first" in app.error[0].value, (
        "the run may use the set"
    )
    app.button(key="remove-run-look").click().run()
    app.button(key="remove-set-cats").click().run()
    assert not app.exception and not app.error
    assert not home.image_set("cats").exists() and not home.run("look").exists()


def test_the_one_that_cannot_be_read_is_removed_not_its_namesake(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    write_set(home, tmp_path, "cats")
    write_set(home, tmp_path, "dogs")
    write_run(home, tmp_path, "cats", "dogs")
    images = home.image_set("cats")
    change_json(images, format=0)
    app.run()
    app.button(key="remove-set-cats").click().run()
    assert not app.exception and not app.error
    assert home.run("cats").exists() and not images.exists()
