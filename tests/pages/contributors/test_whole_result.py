"""Contributors: a result valued again, or deleted."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from tests.pages.conftest import WriteRun
from tests.pages.contributors.conftest import button


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


def test_a_run_is_deleted_once_confirmed(page: AppTest, tmp_path: Path) -> None:
    home = Workspace(tmp_path / "home")
    (name,) = (run.name for run in home.runs())
    told = [block.value for block in page.markdown if "is kept." in block.value]
    assert told and name in told[0]
    page.button(key=f"delete-{name}").click().run()
    assert not page.exception and not page.error
    assert home.runs() == []
    assert not page.tabs and "Delete it for good" not in [b.label for b in page.button]
