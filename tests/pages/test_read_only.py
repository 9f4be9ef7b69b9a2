"""GMV_READ_ONLY on the screens: whatever can be clicked is clicked, and no byte changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import ReviewSettings, Workspace, join_review, make_review
from gmv_core.store import access
from gmv_core.store.access import READ_ONLY, Right
from tests.fakes import digests
from tests.pages.conftest import WriteRun, new_session

PAGES = sorted(path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py"))


def opened(page: str) -> AppTest:
    app = new_session()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


@pytest.fixture
def read_only(
    home: Workspace, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return the digest of each file of a workspace that is read-only from now on."""
    write_run("run", generated=4)
    monkeypatch.setenv(READ_ONLY, "1")
    return digests(home.root)


def click_all(page: str) -> None:
    """Click every button of a page, each in a session of its own; those that are off, too.

    A browser can be made to send what a page does not offer.
    """
    labels = [button.label for button in opened(page).button]
    for place, label in enumerate(labels):
        fresh = opened(page)
        button = fresh.button[place]
        assert button.label == label
        button.proto.disabled = False  # as a browser that was tampered with
        button.click().run()
        assert not fresh.exception, label


@pytest.mark.parametrize("page", PAGES)
def test_no_button_changes_anything(page: str, home: Workspace, read_only: dict[str, str]) -> None:
    app = opened(page)
    assert any("Read-only" in caption.value for caption in app.sidebar.caption)
    click_all(page)
    assert digests(home.root) == read_only
    assert not (home.root / "jobs").exists() and not (home.root / "uploads").exists()


@pytest.mark.parametrize("page", PAGES)
def test_no_button_of_a_viewer_changes_anything(
    page: str, home: Workspace, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run("run", generated=4)
    before = digests(home.root)
    opened("start")  # the login asks to be asked when it is imported
    monkeypatch.setattr(access, "_visitor", lambda: Right.BRING)
    click_all(page)
    assert digests(home.root) == before
    assert not (home.root / "jobs").exists() and not (home.root / "uploads").exists()


@pytest.mark.parametrize("limit", ["1", "strict"])
def test_a_review_is_shown_and_no_button_of_it_changes_anything(
    limit: str, home: Workspace, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run("run", generated=4)
    settings = ReviewSettings(pairs=12, overlap=0.5)
    review = make_review(home, "run", settings=settings).id
    join_review(home, review, "Ada")
    before = digests(home.root)
    monkeypatch.setenv(READ_ONLY, limit)
    click_all("review")
    app = opened("review")
    app.text_input(key="reviewer-typed").set_value("Ada").run()
    app.toggle(key="review-results").set_value(True).run()
    assert not app.exception
    assert digests(home.root) == before


def test_a_strict_app_takes_no_image(
    home: Workspace, read_only: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(READ_ONLY, "strict")
    for view in ("Drop an image", "Find my picture"):
        app = new_session()
        app.query_params["view"] = view
        app.switch_page("pages/contributors.py").run()
        assert not app.exception
        assert any("Images cannot be dropped here" in info.value for info in app.info)
        assert not app.get("file_uploader")


def test_a_new_set_cannot_be_brought(read_only: dict[str, str]) -> None:
    app = new_session()
    app.query_params["set"] = "new set"
    app.switch_page("pages/training_set.py").run()
    assert any("read-only" in info.value for info in app.info)
    assert not app.get("file_uploader")
