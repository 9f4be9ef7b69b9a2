"""A near copy that no network recalls is shown beside its source, which has no credit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import drop, open_page, pair
from tests.pages.contributors.conftest import look_at
from tests.strangers import COPIED, strangers, write_noisy_run
from ui.frame import state


@pytest.fixture(autouse=True)
def noisy_run(app: AppTest, copied: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the run into the app's workspace; its network is the one of the run."""
    monkeypatch.setattr("gmv_core.matching.loading.reload_embedder", lambda *_: strangers())
    copied(write_noisy_run)


def test_it_is_shown_beside_its_source(app: AppTest) -> None:
    open_page(app, "contributors")
    app.selectbox(key=state.IMAGE).select("1.png").run()
    assert not app.exception
    shown = pair(app)
    assert shown["right"]["name"] == COPIED[1]
    assert shown["chip"]["text"] == "Near copy"
    assert shown["sentence"] == f"Closer to {COPIED[1]} than chance."
    assert shown["facts"][0].startswith("Not among the 2 contributors")


def test_a_dropped_one_too(app: AppTest, tmp_path: Path) -> None:
    open_page(app, "contributors")
    look_at(app, state.DROP_VIEW)
    drop(app, ("mine.png", (tmp_path / "made" / "2.png").read_bytes()))
    shown = pair(app)
    assert shown["chip"]["text"] == "Near copy"
    assert shown["sentence"] == f"Closer to {COPIED[2]} than chance."
    said = [caption.value for caption in app.caption]
    assert any(line.startswith("Near copy of class0") for line in said), said
