"""Ten thousand owners: their shares with intervals, one answer, the others without one, the page.

The images are drawn as those of `benchmarks.speed.large.scale`; owners are dealt out at random, in
equal parts. The limit is what cannot be left out, measured in turns with the step: reading the
columns that it needs from Lance, and the sparse product of groups by images with 400 drawings.
Medians of processor time, which others on the machine change less than the clock. The page is
measured as in `benchmarks.speed.people.app`, with what the server's process used meanwhile; its aim
is the app's, under 1,000 ms by an idle clock once warm.

    python -m benchmarks.speed.people.owners --workspace COPY --json
"""

from __future__ import annotations

import csv
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright
from scipy.sparse import csr_array

from benchmarks.kit.app_server import Visit, launch, running
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.speed.large.scale import cheap_embedder, write_parquet
from benchmarks.speed.people.app import Wire, measure, menu, row_of
from gmv_core import (
    MatchSettings,
    Result,
    RunSettings,
    Workspace,
    build,
    labels_for,
    open_run,
    open_source,
    value,
)
from gmv_core.audit.statement.page import shared, statement
from gmv_core.measures.bootstrap import RESAMPLES
from gmv_core.results.owners.answer import owner_answer
from gmv_core.results.owners.grouped import OWNER, Grouped
from gmv_core.results.owners.pictures import best_images, closest_generated
from gmv_core.results.owners.without import shares_without
from gmv_core.results.shares import group_shares
from gmv_core.store.manifests import READY

SET, RUN = "owners-benchmark", "owners-benchmark-run"
AIM_MS = 1000


def prepare(workspace: Workspace, rows: int, owners: int, generated: int, seed: int) -> None:
    """Build the set and value the run, where they are not there."""
    images, run = workspace.image_set(SET), workspace.run(RUN)
    embedder = cheap_embedder()
    with tempfile.TemporaryDirectory() as folder:
        if not (images.exists() and images.manifest().state == READY):
            source = open_source(write_parquet(Path(folder, "images.parquet"), rows, seed))
            dealt = np.random.default_rng(seed).permutation(np.arange(rows) % owners)
            table = Path(folder, "owners.csv")
            with table.open("w", newline="", encoding="utf-8") as file:
                told = csv.writer(file)
                told.writerow(["name", "owner"])
                told.writerows([f"images/{i:06d}", f"Owner {o:05d}"] for i, o in enumerate(dealt))
            build(workspace, source, name=SET, labels=labels_for(source, table), embedder=embedder)
        if not (run.exists() and run.manifest().state == READY):
            made = open_source(write_parquet(Path(folder, "made.parquet"), generated, seed + 1))
            settings = RunSettings(MatchSettings(distance="none", quality="none"))
            value(workspace, made, against=SET, name=RUN, settings=settings, embedder=embedder)


def read_limit(result: Result) -> None:
    """Read the columns of owners, of statuses and of the candidate lists, nothing else."""
    result.training.images.read(["owner", "status"])
    result.run.table("matches").read(["candidates", "distance"])


def product_limit(gets: csr_array, times: np.ndarray, result: Result) -> None:
    """Read as `read_limit` does, and multiply groups by images with all drawings."""
    read_limit(result)
    gets @ times


def timed(
    what: str, work: Callable[[], object], runs: int, limit: Callable[[], object] = int
) -> Row:
    """Return the medians of a step and of its limit, if any, in turns after one of each."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(runs + 1):
        for kept, call in zip(seconds, (work, limit), strict=True):
            before = time.process_time()
            call()
            if turn:
                kept.append(time.process_time() - before)
    taken, least = (round(1000 * statistics.median(kept)) for kept in seconds)
    return {"step": what, "processor ms": taken, "limit ms": "" if limit is int else least}


def engine_steps(workspace: Workspace, runs: int) -> list[Row]:
    """Measure what the engine does, each step from the tables on disk but for the last two."""
    result = open_run(workspace, RUN)
    of = shared(result)
    grouped = of.grouped
    name = grouped.names[3]
    rng, m, groups = np.random.default_rng(0), len(result.generated.images), len(grouped.names)
    group = rng.integers(0, groups, (m, result.settings.k)).ravel()
    gets = csr_array((rng.random(group.size), (group, np.repeat(np.arange(m), result.settings.k))),
                     shape=(groups, m))  # fmt: skip
    product = partial(product_limit, gets, rng.random((m, RESAMPLES)), result)
    reading = partial(read_limit, result)

    def fresh() -> Result:
        return open_run(workspace, RUN)

    def again() -> None:
        owner_answer(result, name, of=grouped)
        best_images(result, name, of=grouped)
        closest_generated(result, name, of=grouped)

    return [
        timed("shares of all, with intervals", lambda: group_shares(fresh(), OWNER), runs, product),
        timed("one answer, from nothing", lambda: owner_answer(fresh(), name), runs, product),
        timed("the others without one", lambda: shares_without(result, name, of=grouped), runs,
              product),
        timed("the next answer, with its images", again, runs),
        timed("the next statement", lambda: statement(result, name, of=of), runs, reading),
    ]  # fmt: skip


def another(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Owner", exact=True).click()
    page.get_by_role("option", name=name, exact=True).click()


def page_steps(page: Page, wire: Wire, names: list[str], times: int) -> list[Row]:
    """Measure opening the page, choosing another owner, and the others without one."""
    link = menu(page).get_by_text("Owners", exact=True)

    def told(what: str, actions: list[Callable[[], None]], *, away: bool = False) -> Row:
        reruns, used = [], 0.0
        for action in actions:
            if away:
                measure(wire, menu(page).get_by_text("Start", exact=True).click)
            page.wait_for_timeout(500)
            before = wire.used()
            reruns.append(measure(wire, action))
            used += wire.used() - before
        spent = round(1000 * used / len(actions))
        return {**row_of(f"Owners: {what}", reruns), "processor ms": spent, "aim ms": AIM_MS}

    return [
        told("first opened", [link.click], away=True),
        told("opened again", [link.click] * times, away=True),
        told("another owner", [partial(another, page, name) for name in names[1 : times + 1]]),
        told("the others without it",
             [page.get_by_text("Without these images", exact=True).click]),
    ]  # fmt: skip


def main() -> None:
    """Build what is missing, measure, print the tables and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--rows", type=int, default=100_000)
    made.add_argument("--owners", type=int, default=10_000)
    options = made.parse_args()
    rows, owners, generated = options.rows, options.owners, 1000
    if options.quick:
        rows, owners, generated = 2_000, 200, 60
    times = 2 if options.quick else 5
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(options.workspace or Path(folder, "home"))
        prepare(workspace, rows, owners, generated, options.seed)
        steps = engine_steps(workspace, times)
        names = Grouped(open_run(workspace, RUN)).names
        log = Path(folder, "server.log")
        with running(workspace.root.absolute(), log) as server, sync_playwright() as playwright:
            page = launch(playwright).new_page(viewport={"width": 1440, "height": 900})
            Visit(page, server.url).open(f"?run={RUN}")
            process = psutil.Process(server.process.pid)
            reruns = page_steps(page, Wire(page, process), names, times)
    title = f"{owners:,} owners of {rows:,} training images, {generated:,} generated ones"
    print_table(title, steps)
    print_table(f"The page, {title}", reruns)
    finish(options, "owners", {"rows": rows, "owners": owners, "steps": steps, "reruns": reruns})


if __name__ == "__main__":
    main()
