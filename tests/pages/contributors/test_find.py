"""Contributors: a picture of one's own is looked for in the training set."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, open_run
from gmv_core.words import hundredths
from tests.fakes import draw, fake_embedder, png
from tests.pages.conftest import drop, pair
from tests.pages.contributors.conftest import button, look_at
from ui.frame import state


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
