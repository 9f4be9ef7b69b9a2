"""The page on quality: what the metric means, what it could not judge, what weighting does."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import MatchSettings, RunSettings, Workspace, open_run, open_source, value
from gmv_core.models.quality.meaning import meaning
from tests.fakes import fake_embedder, write_images
from tests.pages.conftest import WriteRun, open_page


@pytest.fixture
def page(app: AppTest, write_run: WriteRun) -> AppTest:
    write_run("first", generated=5)
    return open_page(app, "quality")


def words(app: AppTest) -> str:
    return " ".join(text.value for text in app.markdown)


def value_again(tmp_path: Path, made: Path, quality: str) -> None:
    value(
        Workspace(tmp_path / "home"),
        open_source(made),
        against="first-set",
        name="again",
        settings=RunSettings(MatchSettings(quality=quality)),
        embedder=fake_embedder(),
    )


def test_without_a_run_it_says_what_to_do(app: AppTest) -> None:
    open_page(app, "quality")
    assert app.info[0].value == "Nothing has been valued in this workspace yet."


def test_the_metric_is_named_and_explained(page: AppTest) -> None:
    assert "by **realism**" in words(page)
    assert "not beauty" in words(page)
    assert page.caption[0].value == "Why this metric: MANIQA needs images of 224 px; these have 24."
    assert [m.value for m in page.metric][:2] == ["5", "5"]


def test_best_and_worst_lead_to_contributors(page: AppTest, tmp_path: Path) -> None:
    table = open_run(Workspace(tmp_path / "home"), "first").generated_table()
    ordered = table.sort_values("quality", ascending=False, kind="stable")["generated"].tolist()
    assert page.selectbox(key="best-open").options == ordered
    assert page.selectbox(key="worst-open").options == ordered[::-1]
    page.selectbox(key="worst-open").select(ordered[-1]).run()
    assert not page.exception
    assert page.title[0].value == "Contributors"
    assert page.selectbox(key="image").value == ordered[-1]


def test_the_weighting_section_does_not_depend_on_the_switch(page: AppTest) -> None:
    before = words(page)
    assert "The training images that fall most" in before
    page.toggle(key="weighting").set_value(False).run()
    assert not page.exception
    assert words(page) == before


def test_an_image_that_moved_opens_reversed(page: AppTest) -> None:
    name = page.selectbox(key="fall-open").options[0]
    page.selectbox(key="fall-open").select(name).run()
    assert page.title[0].value == "Contributors"
    assert page.selectbox(key="training").value == name


def test_what_could_not_be_judged_is_listed(
    app: AppTest, tmp_path: Path, write_run: WriteRun
) -> None:
    write_run("first", generated=4)
    made = write_images(tmp_path / "more", 3, first_seed=200)
    (made / "broken.png").write_bytes(b"not an image")
    value_again(tmp_path, made, "auto")
    open_page(app, "quality")
    app.selectbox(key="run").select("again").run()
    assert not app.exception
    assert [m.value for m in app.metric][:2] == ["4", "3"]
    (listed,) = app.dataframe
    assert listed.value["Generated image"].tolist() == ["broken.png"]
    assert listed.value["Why"][0] not in ("", "ok")


def test_a_run_without_a_metric_says_so(app: AppTest, tmp_path: Path, write_run: WriteRun) -> None:
    write_run("first", generated=4)
    value_again(tmp_path, write_images(tmp_path / "more", 3, first_seed=200), "none")
    open_page(app, "quality")
    app.selectbox(key="run").select("again").run()
    assert not app.exception
    assert "each image counts the same" in app.info[0].value
    assert not app.header


def test_a_shift_is_a_warning(app: AppTest, tmp_path: Path, write_run: WriteRun) -> None:
    write_run("first", generated=4)
    from PIL import Image

    made = write_images(tmp_path / "more", 3, first_seed=200)
    for path in made.rglob("*.png"):
        Image.open(path).convert("L").save(path)
    value_again(tmp_path, made, "auto")
    open_page(app, "quality")
    app.selectbox(key="run").select("again").run()
    assert "100% of the generated images are grey" in app.warning[0].value


@pytest.mark.parametrize(
    ("metric", "side_px", "said", "unsaid"),
    [
        ("realism", 32, "not beauty", "nothing"),
        ("maniqa", 64, "under 96 px its numbers mean nothing", "rough"),
        ("maniqa", 128, "rough order", "nothing"),
        ("piqe", 96, "rates photographs", "nothing"),
        ("maniqa", 256, "256 px on the shorter side", "rough"),
        ("none", 256, "quality 1", "photographs"),
    ],
)
def test_what_a_metric_means(metric: str, side_px: int, said: str, unsaid: str) -> None:
    assert said in meaning(metric, side_px) and unsaid not in meaning(metric, side_px)
