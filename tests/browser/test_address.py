"""An address opens what it names: a page on a new server, and a view that someone shared."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from benchmarks.kit.app_server import Server, settled
from tests.browser.conftest import Visitor, in_address, k_of


@pytest.mark.parametrize("name", ["contributors", "models"])
def test_the_first_visitor_of_a_server_may_ask_for_any_page(
    name: str, empty: Server, visit: Visitor
) -> None:
    page = visit(empty).open(name)
    expect(page.get_by_role("heading", level=1)).to_have_text(name.capitalize())
    menu = page.get_by_test_id("stSidebarNav")
    expect(menu.get_by_role("link", name="Start")).to_be_visible()


def test_the_reading_stands_in_the_address_and_opens_again(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("values")
    handed_out = page.get_by_test_id("stMetric").filter(has_text="Value handed out")
    before = handed_out.text_content() or ""
    k = k_of(page)
    k.fill("3")
    k.press("Enter")
    in_address(page, "k", "3")
    page.get_by_role("radio", name="By spread").click()
    in_address(page, "temperature", "By+spread")
    page.get_by_text("Weight by quality", exact=True).click()
    in_address(page, "weighting", "false")
    expect(handed_out).not_to_have_text(before)
    other = visit(demo)
    other.page.goto(page.url)
    settled(other.page)
    expect(k_of(other.page)).to_have_value("3")
    expect(other.page.get_by_role("radio", name="By spread")).to_be_checked()
    expect(other.page.get_by_test_id("stMetric").filter(has_text="Value handed out")).to_have_text(
        handed_out.text_content() or ""
    )
