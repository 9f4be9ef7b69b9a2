"""Quality, Values and Noisy data: what a reader does there."""

from __future__ import annotations

import csv

from playwright.sync_api import expect

from benchmarks.kit.app_server import Server, settled
from tests.browser.conftest import Visitor, cards, chosen


def test_one_of_the_best_images_opens_on_contributors(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("quality")
    expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()
    best = cards(page, "The best generated images")
    expect(best).to_have_count(12)
    name = best.nth(2).get_attribute("data-id") or ""
    best.nth(2).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contributors")
    expect(chosen(page)).to_have_value(name)


def test_values_are_searched_and_downloaded(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("values")
    expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()
    search = page.get_by_role("textbox", name="Search")
    search.fill("robot")
    search.press("Enter")
    told = page.get_by_text("images found:")
    expect(told).to_be_visible()
    count = int((told.text_content() or "").split()[2].replace(",", ""))
    with page.expect_download() as download:
        page.locator(".st-key-values-csv").get_by_role("button").click()
    with download.value.path().open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert 0 < len(rows) == count < 1200
    assert all("robot" in row["training"] for row in rows)


def test_marked_images_are_left_out_of_the_values(own_demo: Server, visit: Visitor) -> None:
    page = visit(own_demo).open("noisy")
    low = page.get_by_role("radio", name="Low value")
    low.click()
    shown = cards(page, "Training images from the bottom of the ranking; choosing one marks it")
    expect(shown).to_have_count(24)
    expect(shown.first).to_contain_text("value")
    settled(page)  # the gallery of this part, and not of the one before
    shown.first.click()
    expect(shown.first).to_contain_text("marked for removal")
    page.get_by_text("Leave the marked one out").click()
    expect(page.get_by_text("The marked images held a value of")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the marked as CSV").click()
    with download.value.path().open(newline="", encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 1
    # The mark is kept with the set: another session sees it.
    other = visit(own_demo).open("noisy")
    expect(other.get_by_test_id("stMetric").filter(has_text="Marked for removal")).to_contain_text(
        "1"
    )
    page.get_by_role("button", name="Clear all marks").click()
    expect(shown.first).not_to_contain_text("marked for removal")
