"""The page Map with a million training images: server time and bytes of each rerun.

The images are noise of 8 × 8 pixels about 50 middles, embedded by a random projection given from
Python, so that a million of them are built in minutes; as many numbers as of real images are drawn,
searched and sent. Measured as in `benchmarks.speed.app`: from the browser's message to that which
says that the script is through; and what the server's process used meanwhile, which others on the
machine change less. An outline is drawn with the mouse around most of the map.

    python -m benchmarks.speed.map --workspace COPY --json
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.kit.app_server import Visit, launch, running
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.speed.app import Wire, measure, row_of
from gmv_core import MatchSettings, RunSettings, Workspace, build, open_source, value
from gmv_core.models.embedders.embedder import from_callable, unit_rows
from gmv_core.sets.layout import has_layout, make_layout
from gmv_core.sets.provenance import peak_memory_mb
from gmv_core.store.manifests import READY
from gmv_core.types import Embedder, Float32, UInt8

SIDE_PX, DIM, MIDDLES = 8, 16, 50
SET, RUN = "map-benchmark", "map-benchmark-run"
CORNERS = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1))


def cheap_embedder() -> Embedder:
    """Return a random projection of the pixels."""
    turn = np.random.default_rng(5).normal(size=(SIDE_PX**2 * 3, DIM)).astype(np.float32)

    def embed(pixels: UInt8) -> Float32:
        return unit_rows((pixels.reshape(len(pixels), -1) / np.float32(127.5) - 1) @ turn)

    return from_callable(embed, key="projection", side_px=SIDE_PX, dim=DIM)


def write_npz(path: Path, count: int, seed: int) -> Path:
    """Write `count` images of noise about MIDDLES middles, labelled by them."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(0).integers(0, 256, (MIDDLES, SIDE_PX, SIDE_PX))
    labels = rng.integers(0, MIDDLES, count)
    images = np.empty((count, SIDE_PX, SIDE_PX), np.uint8)
    for first in range(0, count, 50_000):
        some = labels[first : first + 50_000]
        noise = rng.normal(0, 25, (len(some), SIDE_PX, SIDE_PX))
        images[first : first + len(some)] = np.clip(middles[some] + noise, 0, 255)
    np.savez(path, images=images, labels=labels)
    return path


def prepare(workspace: Workspace, rows: int, generated: int, seed: int) -> list[Row]:
    """Build the set, value the run and make the map, where they are not there; return the times."""
    times: list[Row] = []
    embedder = cheap_embedder()
    with tempfile.TemporaryDirectory() as folder:
        images, run = workspace.image_set(SET), workspace.run(RUN)
        if not (images.exists() and images.manifest().state == READY):
            started = time.perf_counter()
            source = open_source(write_npz(Path(folder, "train.npz"), rows, seed))
            build(workspace, source, name=SET, embedder=embedder)
            times.append({"step": "build", "seconds": round(time.perf_counter() - started, 1)})
        if not (run.exists() and run.manifest().state == READY):
            made = open_source(write_npz(Path(folder, "made.npz"), generated, seed + 1))
            settings = RunSettings(MatchSettings(distance="none", quality="none"))
            value(workspace, made, against=SET, name=RUN, settings=settings, embedder=embedder)
    if not has_layout(images):
        started, used = time.perf_counter(), time.process_time()
        make_layout(workspace, SET, seed=seed)
        times.append(
            {"step": "map", "seconds": round(time.perf_counter() - started, 1),
             "processor seconds": round(time.process_time() - used, 1),
             "peak memory MB": peak_memory_mb()}
        )  # fmt: skip
    return times


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


def visit_map(page: Page, wire: Wire, server: psutil.Process, times: int) -> list[Row]:
    """Measure opening the page, other colours, and outlines."""
    menu = page.get_by_test_id("stSidebarNavLink")

    def used() -> float:
        return sum(server.cpu_times()[:2])

    def told(what: str, actions: list[Callable[[], None]]) -> Row:
        reruns, before = [], used()
        for action in actions:
            page.wait_for_timeout(1500)
            reruns.append(measure(wire, action))
        page.wait_for_timeout(500)
        spent = round(1000 * (used() - before) / len(actions))
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
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(options.workspace or Path(folder, "home"))
        steps = prepare(workspace, rows, 60 if options.quick else 1000, options.seed)
        log = Path(folder, "server.log")
        with running(workspace.root.absolute(), log) as server, sync_playwright() as playwright:
            page = launch(playwright).new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            Visit(page, server.url).open(f"?run={RUN}")
            process = psutil.Process(server.process.pid)
            found = visit_map(page, Wire(page), process, 2 if options.quick else 5)
    if steps:
        print_table(f"A set of {rows:,} images", steps)
    print_table(f"The map of {rows:,} training images", found)
    finish(options, "map", {"rows": rows, "steps": steps, "reruns": found})


if __name__ == "__main__":
    main()
