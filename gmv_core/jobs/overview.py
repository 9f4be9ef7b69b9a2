"""What a workspace holds at a glance, what to do next in it, and one run as an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gmv_core.criteria.trials.corruption import COPY
from gmv_core.jobs.job import list_jobs
from gmv_core.matching.contributors import Contributor
from gmv_core.results.result import Result
from gmv_core.runs.calibration import HELD_OUT
from gmv_core.runs.generated import GENERATED
from gmv_core.store.columns import previews
from gmv_core.store.manifests import EMPTY, READY, RunManifest, SetManifest
from gmv_core.store.records import newest, newest_runs
from gmv_core.store.workspace import Record, Workspace

BEGIN, WAIT, FINISH, COMPARE, LOOK = "begin", "wait", "finish", "compare", "look"


@dataclass(frozen=True)
class Overview:
    """sets: manifests of training sets, finished or not; runs: of runs that can be opened; newest
        first.

    step, on: what to do next, and on which set or run ("" for the first two): BEGIN with a set,
        WAIT for a job, FINISH a half-built set, COMPARE generated images with a set that was used
        in no run, LOOK at a run.
    unreadable: set or run whose manifest cannot be read → why.
    outgrown: names of the runs whose training or generated set has grown or was built anew; such a
        run cannot be opened before it is valued again.
    """

    sets: tuple[SetManifest, ...]
    runs: tuple[RunManifest, ...]
    step: str
    on: str
    unreadable: Mapping[Record, str]
    outgrown: tuple[str, ...]


def training_sets(workspace: Workspace) -> list[SetManifest]:
    """Return the manifests of the sets that a user brought, newest first.

    Not those that a run made of its generated or held-out images, nor copies that were spoilt to
    judge a run. Those that cannot be read are left out; `overview` names them.
    """
    made_by = {run.name for run in workspace.runs()}
    valued = [job for job in list_jobs(workspace) if job.arguments[0] in ("value", "demo")]
    made_by |= {job.target for job in valued}
    own = {run + tail for run in made_by for tail in (GENERATED, HELD_OUT)}
    sets = newest([images for images in workspace.sets() if images.name not in own])
    return [made for made in sets if made.sources[0].kind != COPY]


def overview(workspace: Workspace) -> Overview:
    """Look at a workspace."""
    unreadable: dict[Record, str] = {}
    every = newest(workspace.sets(), unreadable)
    runs = newest_runs(workspace.runs(), unreadable)
    sets = training_sets(workspace)
    done = [run for run in runs if run.state == READY and run.judges is None]
    known = {m.name: m for m in every if m.state == READY and m.counts}
    outgrown = tuple(run.name for run in done if is_outgrown(run, known))
    ready = [run for run in done if run.name not in outgrown]
    step, on = _next(workspace, sets, runs, ready)
    return Overview(tuple(sets), tuple(ready), step, on, unreadable, outgrown)


def is_outgrown(run: RunManifest, known: Mapping[str, SetManifest]) -> bool:
    """Return whether a set is no longer the one that a run valued, as `open_run` sees it."""
    for part, stamp in (
        (run.training, run.matching.training),
        (run.generated, run.matching.generated),
    ):
        made = known.get(part.name)
        if made is None or made.counts is None:
            continue
        if made.counts.images != part.images or stamp not in (None, made.stamp):
            return True
        if made.removed_at and made.removed_at > (run.updated or ""):
            return True
    return False


def _next(
    workspace: Workspace,
    sets: list[SetManifest],
    runs: list[RunManifest],
    ready: list[RunManifest],
) -> tuple[str, str]:
    if any(job.active for job in list_jobs(workspace)):
        return WAIT, ""
    used = {run.training.name for run in runs}
    for made in sets:
        if made.state == EMPTY:
            continue
        if made.state != READY:
            return FINISH, made.name
        if made.name not in used:
            return COMPARE, made.name
    return (LOOK, ready[0].name) if ready else (BEGIN, "")


@dataclass(frozen=True)
class Example:
    """A generated image and its contributors, with their previews."""

    generated: str
    image: bytes
    contributors: tuple[tuple[Contributor, bytes], ...]


def example(result: Result, *, count: int) -> Example:
    """Return the generated image of the highest quality and its first `count` contributors."""
    table = result.generated_table()
    row = int(np.argmax(table["quality"].fillna(-1.0).to_numpy()))
    name = str(table["generated"].iloc[row])
    found = result.contributors(name)[:count]
    pictures = previews(result.training, np.array([c.row for c in found], np.int64))
    return Example(
        name,
        previews(result.generated, np.array([row]))[0],
        tuple(zip(found, pictures, strict=True)),
    )
