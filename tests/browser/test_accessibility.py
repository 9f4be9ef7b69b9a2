"""What axe-core finds on every page, light and dark: nothing serious that is ours."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from benchmarks.kit.app_server import Server
from tests.browser.conftest import PAGES, Visitor

# Streamlit's own menu: a list in which headings stand between the items.
THEIRS = {"exclude": [["[data-testid=stSidebarNav]"]]}
BAD = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Return what is wrong with a page: the serious findings, and headings out of order."""
    found = Axe().run(page, context=THEIRS).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in BAD or one["id"] == "heading-order"
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", [*PAGES, "contributors?view=Drop+an+image"])
def test_nothing_serious_stands_in_anyone_s_way(
    name: str, dark: bool, demo: Server, visit: Visitor
) -> None:
    page = visit(demo, dark=dark).open(name)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert faults(page) == []


def test_a_page_with_a_fault_is_found(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("models")
    page.evaluate(
        """document.querySelector('[data-testid=stMain] p').innerHTML =
            '<span style="color:#ccc;background:#fff">hardly to be read</span>'"""
    )
    (fault,) = faults(page)
    assert fault.startswith("color-contrast")


def test_the_keyboard_s_focus_can_be_seen(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open()
    button = page.get_by_role("button", name="Review the demo")
    page.get_by_role("button", name="See an owner's page").focus()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    expect(button).to_have_css("outline", "rgb(20, 163, 148) solid 2px")
