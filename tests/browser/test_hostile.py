"""A workspace full of hostile text: a real browser fetches, follows and draws none of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from benchmarks.kit.app_server import Server, running, settled
from tests.browser.conftest import Visitor
from tests.built import HOSTILE, write_hostile_run

PAGES = ("", "training_set", "contributors", "contributors?view=Training+images",
         "contributors?view=Drop+an+image", "quality", "values", "noisy", "criteria",
         "compare", "models")  # fmt: skip


@pytest.fixture(scope="module")
def hostile(
    browser: object, original: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("hostile") / "home"
    shutil.copytree(original(write_hostile_run) / "home", home)
    with running(home, home.parent / "server.log") as server:
        yield server


@pytest.mark.parametrize("path", PAGES)
def test_no_text_becomes_a_link_a_picture_or_a_request(
    path: str, hostile: Server, visit: Visitor
) -> None:
    page = visit(hostile).open(path)  # its end fails where anything but the server was asked
    open_all(page)
    for by in page.get_by_role("radiogroup", name="Shares by").get_by_role("radio").all():
        by.click()
        settled(page)
        open_all(page)
    settled(page)
    assert "gnp" in shown(page) or path == "models"  # the text is there, letter by letter
    assert "\u202e" not in shown(page)
    assert foreign(page) == []
    for mark in page.get_by_test_id("stTooltipIcon").all():
        if mark.is_visible():
            mark.hover()
            assert foreign(page) == []


def open_all(page: Page) -> None:
    for summary in page.locator("details > summary:visible").all():
        if summary.locator("xpath=..").get_attribute("open") is None:
            summary.click()


def shown(page: Page) -> str:
    """Return all text of a page, that in components and in tables' pictures too."""
    return str(page.evaluate(
        """() => {
            const all = (root) => [root.textContent, ...[...root.querySelectorAll('*')]
                .filter(e => e.shadowRoot).map(e => all(e.shadowRoot))].join(' ');
            return all(document.body);
        }"""
    ))  # fmt: skip


def foreign(page: Page) -> list[str]:
    """Return links, pictures and icons that a name has become."""
    found: list[str] = page.evaluate(
        """() => {
            const all = (root) => [...root.querySelectorAll('*')]
                .flatMap(e => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
            const ours = (address) => new URL(address, location).origin === location.origin
                || /^(data|blob):/.test(address);
            const icons = all(document.body).filter(e =>
                e.matches('[translate=no], [data-testid=stIconMaterial]')
                && e.textContent === 'home' && !e.closest('[data-testid=stSidebarNav]'));
            return [...all(document.body).filter(e =>
                e.matches('a[href]') && !ours(e.href) || e.matches('img, image') && !ours(
                    e.src ?? e.href.baseVal)), ...icons].map(e => e.outerHTML.slice(0, 200));
        }"""
    )
    return found


def test_the_text_is_what_a_browser_would_obey() -> None:
    assert "](http://" in HOSTILE and "<img" in HOSTILE and ":material/" in HOSTILE
