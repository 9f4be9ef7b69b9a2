"""Which regions match, through app.py: the job that prepares them, and the three maps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, open_run, predict_influence
from gmv_core.jobs import control
from gmv_core.results.regions.maps import open_regions, regions
from gmv_core.runs.regions import prepare_regions
from gmv_core.settings import InfluenceSettings
from gmv_core.words import percent
from tests.built import write_mosaics
from tests.fakes import fake_embedder, png
from tests.mosaics import demo_pixels, mosaic_of
from tests.pages.conftest import drop, new_session, open_page
from ui.frame import state

pytestmark = pytest.mark.models


@pytest.fixture
def place(
    home: Workspace, copied: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    copied(write_mosaics)
    for module in ("regions", "loading"):
        monkeypatch.setattr(f"gmv_core.matching.{module}.reload_embedder",
                            lambda *_: fake_embedder())  # fmt: skip
    return home


def at_regions(**parameters: str) -> AppTest:
    app = new_session()
    app.query_params[state.LOOK] = state.REGIONS
    for key, value in parameters.items():
        app.query_params[key] = value
    return open_page(app, "contributors")


def drawn(app: AppTest) -> str:
    return " ".join(str(one.proto.body) for one in app.get("html"))


def said(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info))


def test_where_nothing_is_prepared_one_button_starts_it(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(control, "start", lambda _, arguments, **given: started.append(
        (*arguments, given["target"])))  # fmt: skip
    app = at_regions()
    assert "has not been prepared for this training set yet" in said(app)
    next(one for one in app.button if one.label == "Prepare regions").click().run()
    assert started == [("regions", "run", "--prepare", "run")]
    assert not app.exception and not app.error


def test_three_maps_each_with_its_sentence(place: Workspace) -> None:
    prepare_regions(place, "run")
    predict_influence(place, "run", settings=InfluenceSettings(8))
    app = at_regions(image="1.png")
    found = regions(
        open_regions(open_run(place, "run")), "1.png", app.selectbox(key="training").value
    )
    for sentence in found.sentences:
        assert sentence[:40].replace("[", r"\[") in said(app)
    first = found.explained[0]
    assert f"{first.training}: {percent(first.share)}" in drawn(app)
    app.segmented_control(key=state.COLOURED).set_value(state.BY_OWNER).run()
    assert not app.exception
    share = sum(one.share for one in found.explained if one.owner == "Ada")
    assert f"Ada: {percent(share)}" in drawn(app)
    app.segmented_control(key=state.LOOK).set_value(state.SIDE).run()
    assert not app.exception and "gmv-map" not in drawn(app)


def test_without_influence_its_map_says_what_to_do(place: Workspace) -> None:
    prepare_regions(place, "run")
    app = at_regions(image="0.png")
    assert "Influence has not been predicted for this result" in said(app)


def test_regions_of_a_dropped_image(place: Workspace) -> None:
    prepare_regions(place, "run")
    app = at_regions(view=state.DROP_VIEW)
    pixels, rows, _ = mosaic_of(demo_pixels(), seed=0)
    drop(app, ("mine.png", png(pixels)))
    assert any(f"{row:02d}.png: " in drawn(app) for row in rows)
    assert r"mine.png" in said(app)
