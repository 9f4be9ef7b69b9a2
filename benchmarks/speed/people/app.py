"""The app on 50,000 training images and 1,000 generated ones: server time and bytes of each rerun.

A headless Chromium visits the real server. A rerun's time runs from the message that the browser
sends to the message that says that the script is through, so it holds the server's work and the
way of its answer, not the drawing. Messages are counted before compression; files are images and
code that a page fetches beside them.

No generative model is at hand here: the generated images are training images, mirrored, slightly
blurred and written as PNG, so they lie closer to the training set than real ones would.

    python -m benchmarks.speed.people.app --workspace COPY --json

The run "app-benchmark" is written into the workspace, if it is not there. A set of a million drawn
images, with its near copies and its map, is that of `benchmarks.speed.large.scale`, made if it is
not there:

    python -m benchmarks.speed.people.app --drawn 1000000 --workspace COPY --json

On a machine that others use, the time of the server's processor tells more than that of the clock.
"""

from __future__ import annotations

import base64
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image, ImageFilter
from playwright.sync_api import Locator, Page, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.kit.app_server import Visit, launch, running, settled
from benchmarks.kit.datasets import BuiltSet, cifar_set, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.speed.large import scale
from gmv_core import Workspace, open_run, open_source, value
from gmv_core.store.manifests import READY

RUN = "app-benchmark"
BLUR_PX = 0.6
WAIT_SECONDS = 120
K_LABEL = "Contributors of each image (k)"


@dataclass
class Wire:
    """What went over the connection of a page to a server.

    sent: seconds of the browser's messages.
    """

    page: Page
    server: psutil.Process
    sent: list[float] = field(default_factory=list)
    received: list[tuple[float, bytes]] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameSent", lambda e: self.sent.append(e["timestamp"]))
        session.on("Network.webSocketFrameReceived", self._receive)
        session.on("Network.loadingFinished", lambda e: self.files.append(e["encodedDataLength"]))

    def _receive(self, event: dict[str, Any]) -> None:
        payload = base64.b64decode(event["response"]["payloadData"])
        self.received.append((event["timestamp"], payload))

    def clear(self) -> None:
        for kept in (self.sent, self.received, self.files):
            kept.clear()

    def used(self) -> float:
        """Return the seconds of the processor that the server has used."""
        return float(sum(self.server.cpu_times()[:2]))

    def finished(self) -> float | None:
        """Return when the script was through, None while it is not."""
        for moment, payload in self.received:
            message = ForwardMsg.FromString(payload)
            if message.WhichOneof("type") == "script_finished" and (
                message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                return moment
        return None


@dataclass(frozen=True)
class Rerun:
    """One rerun of a page. largest: bytes of its largest message.

    seconds: until the script is through. processor: seconds that the server used until all was
    fetched.
    """

    seconds: float
    processor: float
    messages: int
    largest: int
    files: int


def measure(wire: Wire, action: Callable[[], None]) -> Rerun:
    """Do something to the page and return what its rerun took."""
    wire.clear()
    before = wire.used()
    action()
    for _ in range(WAIT_SECONDS * 50):
        end = wire.finished()
        if end is not None:
            break
        wire.page.wait_for_timeout(20)  # lets the events in
    else:
        raise TimeoutError("the page's script did not come to an end")
    settled(wire.page)
    wire.page.wait_for_load_state("networkidle")
    sizes = [len(payload) for _, payload in wire.received]
    used = wire.used() - before
    return Rerun(end - wire.sent[0], used, sum(sizes), max(sizes), sum(wire.files))


def write_generated(made: BuiltSet, count: int, folder: Path, seed: int) -> Path:
    """Write training images, mirrored and slightly blurred, as PNG."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(made.vectors))[:count])
    for row, pixels in zip(rows, made.previews(rows), strict=True):
        image = Image.fromarray(np.ascontiguousarray(pixels[:, ::-1]))
        image.filter(ImageFilter.GaussianBlur(BLUR_PX)).save(folder / f"{row:05d}.png")
    return folder


def make_run(workspace: Workspace, made: BuiltSet, count: int, seed: int) -> None:
    """Value the generated images, where that was not done before."""
    run = workspace.run(RUN)
    if run.exists() and run.manifest().state == READY:
        return
    with tempfile.TemporaryDirectory() as folder:
        source = open_source(write_generated(made, count, Path(folder), seed))
        value(workspace, source, against=made.training.name, name=RUN)


NEW_KS = count(11)


def another_k(page: Page) -> None:
    """Ask for a k that no page was asked for before: nothing of it is cached."""
    k = page.get_by_role("spinbutton", name=K_LABEL)
    k.fill(str(next(NEW_KS)))
    k.press("Enter")


def menu(page: Page) -> Locator:
    return page.get_by_test_id("stSidebarNavLink")


def measure_page(wire: Wire, name: str, times: int) -> list[tuple[str, list[Rerun]]]:
    """Measure opening a page from the menu, then a new k and another image where it has them."""
    page = wire.page
    away = "Models" if name == "Start" else "Start"
    opened = []
    for _ in range(times + 1):
        measure(wire, menu(page).get_by_text(away, exact=True).click)
        opened.append(measure(wire, menu(page).get_by_text(name, exact=True).click))
    found = [(f"{name}: first opened", opened[:1]), (f"{name}: opened", opened[1:])]
    if page.get_by_role("spinbutton", name=K_LABEL).count():
        changed = [measure(wire, partial(another_k, page)) for _ in range(times)]
        found.append((f"{name}: another k", changed))
    following = page.get_by_test_id("stButton").get_by_role("button", name="Next")
    if following.count():
        turned = [measure(wire, following.click) for _ in range(times)]
        found.append((f"{name}: another image", turned))
    return found


def row_of(what: str, reruns: list[Rerun]) -> Row:
    return {
        "rerun": what,
        "ms": round(1000 * statistics.median(r.seconds for r in reruns)),
        "slowest ms": round(1000 * max(r.seconds for r in reruns)),
        "processor ms": round(1000 * statistics.median(r.processor for r in reruns)),
        "most processor ms": round(1000 * max(r.processor for r in reruns)),
        "messages kB": round(statistics.median(r.messages for r in reruns) / 1000, 1),
        "largest message kB": round(max(r.largest for r in reruns) / 1000, 1),
        "files kB": round(statistics.median(r.files for r in reruns) / 1000, 1),
    }


def visit_all(page: Page, wire: Wire, times: int, only: Sequence[str]) -> list[Row]:
    """Measure every page of the menu, or those named."""
    rows = []
    for link in menu(page).all_inner_texts():
        name = link.splitlines()[-1]  # before it stands the name of its icon
        if only and name not in only:
            continue
        for what, reruns in measure_page(wire, name, times):
            rows.append(row_of(what, reruns))
            print(rows[-1], file=sys.stderr)
    return rows


def main() -> None:
    """Build what is missing, visit every page, print the table and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--drawn", type=int, help="so many drawn images in place of CIFAR-10")
    made.add_argument("--pages", nargs="+", default=[], help="these alone, by name")
    options = made.parse_args()
    times = 2 if options.quick else 5
    with workspace_of(options) as workspace, tempfile.TemporaryDirectory() as folder:
        if options.drawn:
            run = scale.prepare(options, workspace, options.drawn)
        else:
            run = RUN
            built = cifar_set(options, workspace, 1000 if options.quick else 50_000)
            make_run(workspace, built, 60 if options.quick else 1000, options.seed)
        result = open_run(workspace, run)
        training, generated = len(result.training.images), len(result.generated.images)
        log = Path(folder, "server.log")
        with running(workspace.root.absolute(), log) as server, sync_playwright() as playwright:
            page = launch(playwright).new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(1000 * WAIT_SECONDS)
            Visit(page, server.url).open(f"?run={run}")
            process = psutil.Process(server.process.pid)
            rows = visit_all(page, Wire(page, process), times, options.pages)
            held = round(process.memory_info().rss / 1e6)
    title = f"The app with {training:,} training and {generated:,} generated images"
    load = round(os.getloadavg()[2], 1)
    print_table(f"{title}, median of {times}; load {load}, {held:,} MB held in the end", rows)
    figures = {"training": training, "generated": generated, "load": load, "held_mb": held}
    finish(options, "app", {**figures, "rows": rows})


if __name__ == "__main__":
    main()
