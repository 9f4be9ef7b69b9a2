"""What people wait for once: the app, a dropped image, the demo, a run of a thousand images.

Beside each stands its limit, which no program that uses the same libraries and the same network
could go below:

- first page, from starting the app: a Streamlit app of one line in the same browser.
- first dropped image, in an app just started: the next one. What loading the network alone takes
  stands beside it; the app does that while the page is drawn.
- the demo from nothing, as `make demo` does it after the install: the network alone on every image.
- a run of 1,000 × 50,000, from a built set: the network alone on as many images as pass through it.

    python -m benchmarks.speed.people.waiting --workspace WORKSPACE --json
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
from playwright.sync_api import Browser, expect, sync_playwright

from benchmarks.kit.alone import run_alone
from benchmarks.kit.app_server import Visit, launch, running
from benchmarks.kit.datasets import cifar_set, workspace_of
from benchmarks.kit.reporting import Row, finish, median_seconds, parser, print_table, seconds_of
from benchmarks.speed.people.app import write_generated
from gmv_core import Workspace, open_run, open_source, value
from gmv_core.demo.make import DEMO_RUN
from gmv_core.demo.plan import generated_folder
from gmv_core.matching import matcher
from gmv_core.matching.matcher import NETWORK_BATCH, embed_previews
from gmv_core.models.embedders.lite0 import load_lite0
from gmv_core.store.manifests import RunManifest, SetManifest
from gmv_core.types import Embedder, Float32, UInt8

FORWARD = 1024  # images that the network's rate is measured on
RUN = "waiting-benchmark"
ONE_LINE = "import streamlit as st\nst.title('One line')\n"
LOAD = "from gmv_core.models.embedders.lite0 import load_lite0; load_lite0('fp32')"


def forward_rate(embedder: Embedder) -> float:
    """Return the images/s of the network alone, on ready arrays."""
    shape = (FORWARD, embedder.side_px, embedder.side_px, 3)
    ready = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    def forward() -> None:
        for start in range(0, FORWARD, NETWORK_BATCH):
            embedder(ready[start : start + NETWORK_BATCH])

    return FORWARD / median_seconds(forward, 3)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the images that pass through the embedder's network after a set was built."""
    passed: list[int] = []

    def embed(embedder: Embedder, images: Sequence[UInt8]) -> tuple[Float32, Float32 | None]:
        passed.append(len(images))
        return embed_previews(embedder, images)

    with patch.object(matcher, "embed_previews", embed):
        yield passed


def valued(options: argparse.Namespace, workspace: Workspace, folder: Path) -> Row:
    """Value generated images against the built set."""
    made = cifar_set(options, workspace, 1000 if options.quick else 50_000)
    count = 60 if options.quick else 1000
    source = open_source(write_generated(made, count, folder, options.seed))
    for record in (workspace.run(RUN), workspace.image_set(f"{RUN}-generated")):
        if record.exists():
            workspace.drop(record)
    with counted() as passed:
        taken = seconds_of(lambda: value(workspace, source, against=made.training.name, name=RUN))
    limit = (count + sum(passed)) / forward_rate(made.embedder)
    what = f"a run of {count:,} images against {len(made.training.images):,}"
    return {**row(what, taken, limit), "of it, s": stages(workspace.run(RUN).manifest())}


def demo(folder: Path) -> Row:
    """Make the demo in an empty workspace, as `make demo` does before it starts the app."""
    home = folder / "home"
    _, taken = run_alone("gmv_core", ["demo", "--workspace", str(home)])
    result = open_run(Workspace(home), DEMO_RUN)
    images = len(result.training.images) + len(result.generated.images)
    limit = images / forward_rate(load_lite0(result.training.manifest().embedder.precision))
    told = f"{stages(result.training.manifest())}; {stages(result.manifest)}"
    return {**row("the demo, from nothing", taken["seconds"], limit), "of it, s": told}


def stages(manifest: SetManifest | RunManifest) -> str:
    """Return the seconds of the stages that took any time."""
    return ", ".join(f"{name} {s:.1f}" for name, s in manifest.seconds.items() if s >= 0.1)


def first_page(browser: Browser, home: Path, log: Path, script: str) -> float:
    """Return the seconds from starting an app to its first page, drawn."""
    page = browser.new_page()
    started = time.perf_counter()
    with running(home, log, script=script) as server:
        Visit(page, server.url).open()
        taken = time.perf_counter() - started
        page.close()
    return taken


def dropped(browser: Browser, home: Path, log: Path) -> list[float]:
    """Return the seconds from dropping an image in a new app to its answer, and the next one's."""
    taken = []
    with running(home, log) as server:
        for image in sorted(generated_folder().rglob("*.png"))[:2]:
            page = browser.new_page()
            Visit(page, server.url).open("contributors?view=Drop+an+image")
            started = time.perf_counter()
            page.locator("input[type=file]").first.set_input_files(image)
            told = page.get_by_role("group", name="The two images compared")
            expect(told).to_contain_text("not kept")
            taken.append(time.perf_counter() - started)
            page.close()
    return taken


def in_browser(home: Path, folder: Path, times: int) -> list[Row]:
    """Measure what is waited for in the browser, in turns with the limits."""
    script, log = folder / "one_line.py", folder / "server.log"
    script.write_text(ONE_LINE)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        pages = [[first_page(browser, home, log, each) for each in ("app.py", str(script))]
                 for _ in range(times)]  # fmt: skip
        drops = [[*dropped(browser, home, log), loading()] for _ in range(times)]
    (page, one_line), (first, following, load) = (
        [statistics.median(turn) for turn in zip(*turns, strict=True)] for turns in (pages, drops)
    )
    return [
        row("the app's first page, from its start", page, one_line),
        {**row("the first dropped image", first, following),
         "of it, s": f"loading the network alone {load:.1f}"},
    ]  # fmt: skip


def loading() -> float:
    """Return the seconds of a process that loads the network, less those of one that does not."""
    command = [sys.executable, "-c"]
    load, nothing = (seconds_of(partial(subprocess.run, [*command, code], check=True))
                     for code in (LOAD, "import gmv_core"))  # fmt: skip
    return load - nothing


def row(what: str, seconds: float, limit: float) -> Row:
    return {"what": what, "s": round(seconds, 2), "its limit, s": round(limit, 2),
            "share of the limit": f"{limit / seconds:.0%}"}  # fmt: skip


def main() -> None:
    """Measure, print the table and the figures."""
    options = parser(__doc__ or "").parse_args()
    with workspace_of(options) as workspace, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [demo(folder), *in_browser(folder / "home", folder, 1 if options.quick else 5)]
        (folder / "generated").mkdir()
        rows.append(valued(options, workspace, folder / "generated"))
    print_table(f"What people wait for; load {os.getloadavg()[1]:.1f}", rows)
    finish(options, "waiting", {"rows": rows, "load": os.getloadavg()[1]})


if __name__ == "__main__":
    main()
