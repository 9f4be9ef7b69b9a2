"""Every page in the dark, and on a small screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from benchmarks.kit.app_server import Server
from tests.browser.conftest import PAGES, Visitor

DARK, LIGHT = "rgb(18, 24, 23)", "rgb(255, 255, 255)"


@pytest.mark.parametrize(("dark", "background"), [(True, DARK), (False, LIGHT)])
def test_the_app_follows_the_reader_into_the_dark(
    dark: bool, background: str, demo: Server, visit: Visitor
) -> None:
    page = visit(demo, dark=dark).open("models")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", background)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_small_screen(name: str, demo: Server, visit: Visitor) -> None:
    page = visit(demo, width=768).open(name)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert too_wide(page) == []


def too_wide(page: Page) -> list[str]:
    """Return what in the page's main part can be scrolled sideways or leaves the screen.

    The row of filters scrolls by itself where it does not fit.
    """
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid="stMain"], [data-testid="stMain"] *')]
            .filter(e => !e.parentElement.closest('[class*="-filters"]'))
            .filter(e => e.matches('[data-testid="stMain"]')
                ? e.scrollWidth > e.clientWidth : e.getBoundingClientRect().left > innerWidth)
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    return found
