"""The page Compare: two results side by side, or one that is read in two ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, open_run
from gmv_core.results.compared.images import exchange, exchanges
from gmv_core.results.compared.pair import pair_of
from gmv_core.store.marks import mark
from tests.built import write_runs_to_compare
from tests.pages.conftest import WriteRun, cards, open_page

MOST_CHANGED = "Generated images of both, the one that changed most first"


@pytest.fixture
def page(app: AppTest, copied: Callable[..., None]) -> AppTest:
    copied(write_runs_to_compare)
    app.query_params["run"] = "run"
    return open_page(app, "compare")


def words(app: AppTest) -> str:
    return " ".join(text.value for kind in (app.markdown, app.caption, app.info) for text in kind)


def against(app: AppTest, run: str) -> AppTest:
    app.selectbox(key="beside").select(run).run()
    assert not app.exception
    return app


def test_without_a_run_it_says_what_to_do(app: AppTest) -> None:
    open_page(app, "compare")
    assert app.info[0].value == "Nothing has been valued in this workspace yet."


def test_two_generators_beside_each_other(page: AppTest) -> None:
    against(page, "other")
    said = words(page)
    assert "The same 24 training images, 3 generated images in common, of 6 and 6" in said
    assert "Rank correlation of the values" in said and "Mean quality" in said
    assert "keep their contributors" in said
    shares = page.table[1].value
    headings = [heading.replace("\\", "") for heading in shares.columns]
    assert headings[:3] == ["Owner", "First: run", "Second: other"]
    assert set(shares["Owner"]) == {"Ada", "Ben"}


def test_before_and_after_cleaning(page: AppTest, tmp_path: Path) -> None:
    against(page, "cleaned")
    assert "The two sides share 16 training images" in words(page)
    workspace = Workspace(tmp_path / "home")
    pair = pair_of(open_run(workspace, "run"), open_run(workspace, "cleaned"))
    table = exchanges(pair)
    shown = cards(page, MOST_CHANGED)
    assert [card["id"] for card in shown] == table["generated"].tolist()
    page.selectbox(key="image").select(table["generated"].iloc[2]).run()
    one = exchange(pair, table["generated"].iloc[2])
    assert f"Keeps {len(one.kept)} contributors, loses {len(one.lost)}" in words(page)


def test_one_result_read_in_two_ways(page: AppTest) -> None:
    against(page, "run")
    page.selectbox(key="beside-read").select("half").run()
    assert "what differs: contributors of each image" in words(page)
    assert "loses 5, gains 0" in words(page)


def test_nothing_differs(page: AppTest) -> None:
    against(page, "run")
    page.selectbox(key="beside-read").select("same").run()
    assert page.info[0].value.startswith("Nothing differs")


def test_the_marked_can_be_left_out(page: AppTest, tmp_path: Path) -> None:
    against(page, "run")
    read = page.selectbox(key="beside-read")
    assert "without the marked images" not in read.options
    training = Workspace(tmp_path / "home").image_set("run-set")
    mark(training, training.images.read(["name"])["name"].to_pylist()[:3])
    page.run()
    page.selectbox(key="beside-read").select("unmarked").run()
    assert "The two sides share 21 training images" in words(page)


def test_nothing_in_common_is_a_sentence(page: AppTest) -> None:
    against(page, "foreign")
    assert "have no image in common" in words(page)
    assert "Who earns how much" not in [header.value for header in page.header]
    assert "Rank correlation" not in words(page)


def test_one_run_alone_is_read_otherwise(app: AppTest, write_run: WriteRun) -> None:
    write_run("only", generated=4)
    open_page(app, "compare")
    assert app.selectbox(key="beside").value == "only"
    assert app.selectbox(key="beside-read").value != "same"
    assert "Nothing differs" not in words(app)


def test_an_address_opens_the_same_view(app: AppTest, copied: Callable[..., None]) -> None:
    copied(write_runs_to_compare)
    app.query_params.update({"run": "run", "beside": "cleaned", "beside-read": "spread"})
    open_page(app, "compare")
    assert app.selectbox(key="beside").value == "cleaned"
    assert app.selectbox(key="beside-read").value == "spread"
