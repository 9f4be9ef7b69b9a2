"""A result whose contributors are looked at, and what the tests of that page share."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from gmv_core.jobs import control
from tests.fakes import fake_embedder
from tests.pages.conftest import WriteRun, new_session, open_page
from ui.frame import state

IMAGES = 40  # more than a page of the gallery


@pytest.fixture
def app(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("gmv_core.matching.loading.reload_embedder", lambda *_: fake_embedder())
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
