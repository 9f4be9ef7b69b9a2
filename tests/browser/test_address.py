"""An address opens what it names: a page on a new server, and a view that someone shared."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from benchmarks.kit.app_server import Server, settled
from tests.browser.conftest import Visitor, cards, chosen, in_address, k_of

FIRST = "bear/000.png"  # of the demo's generated images


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
    handed_out = page.get_by_test_id("stMetric").filter(has_text="Value of all training images")
    before = handed_out.text_content() or ""
    k = k_of(page)
    k.fill("3")
    k.press("Enter")
    in_address(page, "k", "3")
    page.get_by_role("radio", name="By spread").click()
    in_address(page, "temperature", "spread")
    page.get_by_text("Weight by quality", exact=True).click()
    in_address(page, "weighting", "false")
    expect(handed_out).not_to_have_text(before)
    other = visit(demo)
    other.page.goto(page.url)
    settled(other.page)
    expect(k_of(other.page)).to_have_value("3")
    expect(other.page.get_by_role("radio", name="By spread")).to_be_checked()
    expect(
        other.page.get_by_test_id("stMetric").filter(has_text="Value of all training images")
    ).to_have_text(handed_out.text_content() or "")


def test_what_is_chosen_while_the_page_is_drawn_stays(demo: Server, visit: Visitor) -> None:
    """The browser sends the address from before the page was drawn along with it."""
    page = visit(demo).open("contributors")
    made = cards(page, "Generated images")
    for k, pause_ms in ((3, 0), (6, 60), (9, 120), (4, 180), (7, 240)):
        name = made.nth(k).get_attribute("data-id") or ""
        made.nth(k).click()
        page.wait_for_timeout(pause_ms)
        k_of(page).fill(str(k))
        k_of(page).press("Enter")
        in_address(page, "k", str(k))
        settled(page)
        expect(k_of(page)).to_have_value(str(k))
        expect(chosen(page)).to_have_value(name)
        in_address(page, "image", name.replace("/", "%2F"))


def test_what_the_address_writes_it_reads_and_what_is_too_much_is_told(
    demo: Server, visit: Visitor
) -> None:
    page = visit(demo).open("values?k=500&temperature=spread&weighting=false")
    expect(page.get_by_role("radio", name="By spread")).to_be_checked()
    expect(k_of(page)).to_have_value("100")
    in_address(page, "k", "100")
    in_address(page, "weighting", "false")
    expect(page.get_by_text("k = 500 is beyond the 100 candidates")).to_be_visible()


def test_the_range_of_qualities_is_shared_kept_and_taken_back(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("contributors?generated-quality=0.45&generated-quality=0.5")
    made = cards(page, "Generated images")
    expect(page.get_by_role("button", name="Quality 0.45 to 0.50")).to_be_visible()
    some = made.count()
    assert 0 < some < 30
    page.get_by_role("button", name="Quality 0.45 to 0.50").click()
    page.get_by_role("slider").last.press("ArrowLeft")
    in_address(page, "generated-quality", "0.49")
    page.reload()
    settled(page)
    expect(page.get_by_role("button", name="Quality 0.45 to 0.49")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Quality 0.45 to 0.50")).to_be_visible()
    expect(made).to_have_count(some)


def test_what_is_no_range_of_qualities_is_passed_over(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("contributors?generated-quality=2&generated-quality=x")
    expect(cards(page, "Generated images")).to_have_count(30)
    expect(page.get_by_role("button", name="Quality", exact=True)).to_be_visible()


def test_back_goes_back_one_step_and_keeps_the_settings(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open()
    menu = page.get_by_test_id("stSidebarNav")
    menu.get_by_role("link", name="Values").click()
    in_address(page, "k", "10")
    k_of(page).fill("3")
    k_of(page).press("Enter")
    in_address(page, "k", "3")
    settled(page)
    menu.get_by_role("link", name="Contributors").click()
    expect(chosen(page)).to_have_value(FIRST)
    in_address(page, "image", FIRST.replace("/", "%2F"))  # the first image too has an address
    page.get_by_role("button", name="Next Shortcut").click()
    expect(chosen(page)).not_to_have_value(FIRST)
    settled(page)
    page.go_back()
    expect(chosen(page)).to_have_value(FIRST)
    settled(page)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Values")
    settled(page)
    expect(k_of(page)).to_have_value("3")
    page.go_back()
    expect(k_of(page)).to_have_value("10")
    settled(page)
    page.go_forward()
    expect(k_of(page)).to_have_value("3")
    settled(page)
    page.go_forward()
    expect(chosen(page)).to_have_value(FIRST)
    expect(k_of(page)).to_have_value("3")
