"""The page Map with a million training images: server time and bytes of each rerun.

The images are those of `benchmarks.speed.large.scale`: as many numbers as of real images are drawn,
searched and sent. Measured as in `benchmarks.speed.people.app`: from the browser's message to that
which says that the script is through; and what the server's process used meanwhile, which others on
the machine change less. An outline is drawn with the mouse around most of the map.

    python -m benchmarks.speed.people.map --workspace COPY --json
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.kit.app_server import Visit, launch, running
from benchmarks.kit.datasets import workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.speed.large import scale
from benchmarks.speed.people.app import Wire, measure, row_of

CORNERS = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1))


def lasso(page: Page, shrink: float) -> None:
    """Draw around most of the map, never the same outline twice."""
    drag = page.locator(".st-key-map-chart .nsewdrag").first
    drag.scroll_into_view_if_needed()
    box = drag.bounding_box()
    if box is None:
        raise RuntimeError("the map is not drawn")
    at = [(box["x"] + box["width"] * (x + shrink * (0.5 - x)),
           box["y"] + box["height"] * (y + shrink * (0.5 - y))) for x, y in CORNERS]  # fmt: skip
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=10)
    page.mouse.up()


def colour(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name=name, exact=True).click()


def visit_map(page: Page, wire: Wire, times: int) -> list[Row]:
    """Measure opening the page, other colours, and outlines."""
    menu = page.get_by_test_id("stSidebarNavLink")

    def told(what: str, actions: list[Callable[[], None]]) -> Row:
        reruns, before = [], wire.used()
        for action in actions:
            page.wait_for_timeout(1500)
            reruns.append(measure(wire, action))
        page.wait_for_timeout(500)  # an outline has two reruns
        spent = round(1000 * (wire.used() - before) / len(actions))
        return {**row_of(what, reruns), "processor ms": spent}

    rows = []
    for what in ("first opened", "opened", "opened again"):
        measure(wire, menu.get_by_text("Start", exact=True).click)
        rows.append(told(f"Map: {what}", [menu.get_by_text("Map", exact=True).click]))
    for name in ("Value", "Label", "Value", "Label"):
        rows.append(told(f"Map: colour by {name}", [partial(colour, page, name)]))
    outlines = [partial(lasso, page, 0.02 * n) for n in range(times)]
    return [*rows, told("Map: an outline", outlines)]


def main() -> None:
    """Build what is missing, visit the map, print the tables and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--rows", type=int, default=1_000_000)
    options = made.parse_args()
    rows = 3_000 if options.quick else options.rows
    with workspace_of(options) as workspace, tempfile.TemporaryDirectory() as folder:
        run = scale.prepare(options, workspace, rows)
        log = Path(folder, "server.log")
        with running(workspace.root.absolute(), log) as server, sync_playwright() as playwright:
            page = launch(playwright).new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            Visit(page, server.url).open(f"?run={run}")
            process = psutil.Process(server.process.pid)
            found = visit_map(page, Wire(page, process), 2 if options.quick else 5)
    print_table(f"The map of {rows:,} training images", found)
    finish(options, "map", {"rows": rows, "reruns": found})


if __name__ == "__main__":
    main()
