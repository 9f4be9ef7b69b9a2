"""The map in a browser: made by a job, a lasso selects, hover and click show the image."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from benchmarks.kit.app_server import Server, settled
from gmv_core import Workspace
from gmv_core.sets.layout import RECORD, read_layout
from gmv_core.store.marks import marked
from tests.browser.conftest import Visitor, cards, in_address

JOB_MS = 120_000


def plane(page: Page) -> tuple[float, float, float, float]:
    """Return left, top, width and height of where the points are drawn, in view."""
    settled(page)  # a map that is drawn anew has other elements
    page.locator(".st-key-map-chart").scroll_into_view_if_needed()
    drag = page.locator(".st-key-map-chart .nsewdrag").first
    expect(drag).to_be_attached()
    box = drag.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def lasso(page: Page, corners: list[tuple[float, float]]) -> None:
    """Draw around a part of the map. corners: shares of its width and height."""
    left, top, width, height = plane(page)
    at = [(left + x * width, top + y * height) for x, y in corners]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in [*at[1:], at[0]]:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()


def test_lasso_then_export_then_leave_out(own_demo: Server, visit: Visitor, tmp_path: Path) -> None:
    (own_demo.home / "sets" / "demo" / RECORD).unlink()
    page = visit(own_demo).open("map")
    page.get_by_role("button", name="Make the map").click()
    chart = page.locator(".st-key-map-chart .js-plotly-plot")
    expect(chart).to_be_visible(timeout=JOB_MS)
    settled(page)
    expect(page.get_by_text("Nothing is selected.")).to_be_visible()

    lasso(page, [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98)])
    expect(page.get_by_text("1,200 images selected").first).to_be_attached()
    lasso(page, [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98)])
    expect(page.get_by_text("1,200 images selected")).to_have_count(0)
    told = page.get_by_test_id("stMarkdown").get_by_text("images selected (").inner_text()
    count = int(told.split()[0].replace(",", ""))
    # Half of the map: the range of both axes is as wide as what is drawn.
    (low, high) = chart.evaluate("chart => chart._fullLayout.xaxis.range")
    positions = read_layout(Workspace(own_demo.home).image_set("demo"))
    edges = low + 0.02 * (high - low), low + 0.5 * (high - low)
    wanted = int(((positions[:, 0] > edges[0]) & (positions[:, 0] < edges[1])).sum())
    assert abs(count - wanted) <= 10 and count > 0  # a point under the line

    with page.expect_download() as got:
        page.get_by_role("button", name="CSV").click()
    got.value.save_as(tmp_path / "selection.csv")
    with (tmp_path / "selection.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count and {"name", "value", "value_low", "value_high"} <= set(rows[0])
    with page.expect_download() as got:
        page.get_by_role("button", name="Images (zip)").click()
    got.value.save_as(tmp_path / "selection.zip")
    with zipfile.ZipFile(tmp_path / "selection.zip") as made:
        assert len(made.namelist()) == count

    page.get_by_text("Values without the selection").click()
    expect(page.get_by_text("The selected images held a value of")).to_be_visible()

    page.get_by_role("textbox", name="Save under a name").fill("left-half")
    page.get_by_role("button", name="Save", exact=True).click()
    in_address(page, "selection", "left-half")
    other = visit(own_demo)
    other.page.goto(page.url)
    settled(other.page)
    expect(other.page.get_by_role("link", name=f"{count:,} images selected")).to_be_visible()


def test_a_point_shows_its_image(own_demo: Server, visit: Visitor) -> None:
    page = visit(own_demo).open("map")
    chart = page.locator(".st-key-map-chart .js-plotly-plot")
    expect(chart).to_be_visible()
    settled(page)
    left, top, width, height = plane(page)
    ranges = np.array(chart.evaluate("c => [c._fullLayout.xaxis.range, c._fullLayout.yaxis.range]"))
    positions = read_layout(Workspace(own_demo.home).image_set("demo"))
    # The point that is farthest from all others: nothing else is near the mouse.
    away = np.linalg.norm(positions[:, None] - positions, axis=2)
    np.fill_diagonal(away, np.inf)
    row = int(away.min(axis=1).argmax())
    (x0, x1), (y0, y1) = ranges
    x = left + width * (positions[row, 0] - x0) / (x1 - x0)
    y = top + height * (1 - (positions[row, 1] - y0) / (y1 - y0))
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y, steps=5)
    tip = page.locator(".tip")
    expect(tip).to_be_visible()
    names = Workspace(own_demo.home).image_set("demo").images.read(["name"])["name"].to_pylist()
    expect(tip).to_contain_text(names[row])
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_role("button", name="Add to the selection")).to_be_visible()
    page.get_by_role("button", name="Add to the selection").click()
    expect(page.get_by_role("link", name="1 image selected")).to_be_visible()
    page.get_by_role("link", name="Open on Contributors").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contributors")
    expect(page.get_by_role("combobox", name="Training image")).to_have_value(names[row])
    expect(page.get_by_role("link", name="1 image selected")).to_be_visible()


def test_a_gallery_ticks_images_one_by_one_and_in_a_row(own_demo: Server, visit: Visitor) -> None:
    page = visit(own_demo).open("noisy")
    page.get_by_text("Select images", exact=True).click()
    settled(page)
    shown = cards(page, "Training images from the bottom of the ranking; choosing one marks it")
    shown.nth(1).click()
    expect(page.get_by_role("link", name="1 image selected")).to_be_visible()
    shown.nth(5).click(modifiers=["Shift"])
    expect(page.get_by_role("link", name="5 images selected")).to_be_visible()
    expect(shown.nth(3)).to_have_attribute("aria-pressed", "true")
    shown.nth(3).click()
    expect(page.get_by_role("link", name="4 images selected")).to_be_visible()
    assert marked(Workspace(own_demo.home).image_set("demo")) == frozenset()
    page.get_by_role("link", name="4 images selected").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Map")
    expect(page.get_by_text("4 images selected (")).to_be_visible()
