"""The standing of generated images on the pages: chips, the line of the run, filter and order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from gmv_core.criteria.trials.stability import hold
from gmv_core.trust.duplicates import find_clusters
from tests.built import write_copied_run
from tests.fakes import fake_embedder
from tests.pages.conftest import drop, new_session, open_page, pair
from ui.frame import state


@pytest.fixture
def page(home: Workspace, copied: Callable[..., None]) -> AppTest:
    copied(write_copied_run)
    return open_page(new_session(), "contributors")


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def test_the_run_says_how_its_images_stand(page: AppTest) -> None:
    line = said(page)
    assert "6 images with the pixels of a training image." in line
    assert "6 near copies, 0 without a convincing source, 6 ordinary" in line
    assert "held against the 40 held-out images" in line


def test_one_image_has_a_chip_with_its_meaning(page: AppTest) -> None:
    page.selectbox(key="image").set_value("copied/0.png").run()
    assert not page.exception
    text = said(page)
    assert pair(page)["chip"] == {"text": "Same pixels", "colour": "red"}
    assert pair(page)["sentence"] == "Nearer than 100 % of real neighbours."
    assert "Nearer than 100 % of the 40 held-out images." in text
    assert "It is closer than an unseen real image would be." in text
    page.selectbox(key="image").set_value("class0/0000.png").run()
    text = said(page)
    assert pair(page)["chip"]["text"] == "Ordinary"
    assert "proves neither" in text
    for word in ("copied from", "used", "caused"):
        assert word not in text.replace("copied/", "").replace("model used", "").replace(
            "used them", ""
        )


def test_the_gallery_filters_and_sorts_by_standing(page: AppTest) -> None:
    page.selectbox(key="generated-standing").set_value("near copy").run()
    assert not page.exception
    shown = page.selectbox(key="image").options
    assert [name.startswith("copied/") for name in shown].count(True) == 6
    page.selectbox(key="generated-standing").set_value(None).run()
    page.selectbox(key="generated-order").set_value("Near copies first").run()
    assert not page.exception
    assert page.selectbox(key="image").options[0].startswith("copied/")


def test_start_says_it_in_a_line(page: AppTest) -> None:
    page.switch_page("pages/start.py").run()
    assert not page.exception
    assert (
        "Of the 12 generated images of run: 6 near copies, 0 without a convincing source."
        in said(page)
    )


def test_convincing_credit_leaves_something_unattributed(page: AppTest) -> None:
    page.switch_page("pages/values.py").run()
    before = {metric.label: metric.value for metric in page.metric}
    assert before["Unattributed"] == "0 (0 %)"
    page.segmented_control(key="credit").set_value("convincing").run()
    assert not page.exception
    text = said(page)
    assert "Unattributed: " in text and "farther than unseen real images reach" in text
    after = {metric.label: metric.value for metric in page.metric}
    assert not after["Unattributed"].startswith("0 ")
    assert after["Value of all training images"] != before["Value of all training images"]
    page.switch_page("pages/noisy.py").run()
    assert not page.exception


def test_near_copies_earn_as_one_once_they_are_known(page: AppTest, home: Workspace) -> None:
    assert not [t for t in page.toggle if t.label == "Near copies earn as one"]
    find_clusters(home, "train", fake_embedder())
    page.switch_page("pages/values.py").run()
    page.toggle(key="duplicates").set_value(True).run()
    assert not page.exception
    page.switch_page("pages/contributors.py").run()
    assert not page.exception


def test_a_dropped_copy_is_told_at_once(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmv_core.matching.loading.reload_embedder", lambda *_: fake_embedder())
    page.segmented_control(key=state.VIEW).set_value(state.DROP_VIEW).run()
    copied = next((tmp_path / "made" / "copied").glob("*.png")).read_bytes()
    drop(page, ("mine.png", copied))
    text = said(page)
    assert pair(page)["chip"]["text"] == "Same pixels"
    assert "It has the same pixels as" in text
    assert "Nearer than 100 % of the 40 held-out images." in text


def test_a_training_image_has_its_interval(page: AppTest) -> None:
    page = new_session()
    page.query_params[state.VIEW] = state.TRAINING_VIEW
    open_page(page, "contributors")
    assert re.search(
        r"Value \*\*[\d.]+\*\* \([\d.e-]+ to [\d.]+\), rank 1 \(1 to \d+\)", said(page)
    )


def test_stability_is_a_quiet_mark_and_sorts(page: AppTest, home: Workspace) -> None:
    monkey = pytest.MonkeyPatch()
    monkey.setattr("gmv_core.criteria.trials.stability.ready_distances", lambda _: ["none", "l2"])
    hold(home, "run", embedder=fake_embedder())
    monkey.undo()
    page.run()
    assert re.search(
        r"First contributor under \d of 2 ways; it gets [\d.]+ % to [\d.]+ % of the credit under "
        r"other k and τ\. Stability", said(page),
    )  # fmt: skip
    page.selectbox(key="generated-order").set_value("Stability, least first").run()
    assert not page.exception
    assert not [b for b in page.button if b.label == "Does it hold?"]


def test_the_near_copies_of_a_set(page: AppTest, home: Workspace) -> None:
    page.switch_page("pages/training_set.py").run()
    assert [b.label for b in page.button if b.label == "Look for near copies"]
    find_clusters(home, "train", fake_embedder())
    page.run()
    assert not page.exception
    assert "No image has a near copy." in said(page)
