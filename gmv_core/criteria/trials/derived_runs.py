"""Value a run's generated set again, to judge the run: under runs of their own.

Their manifests say which run they judge ("judges"), so that they can be told from others.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import msgspec

from gmv_core.errors import WorkspaceError
from gmv_core.models.catalogue import list_models
from gmv_core.results.opening import open_run, settings_of
from gmv_core.results.result import Result
from gmv_core.runs.valuation import value
from gmv_core.settings import RunSettings
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder, Report, silent

PIXELS = "l2"
_OF_THE_DISTANCE = ("distance", "exact_depth")


def run_settings(result: Result, *, distance: str | None = None) -> RunSettings:
    """Return the settings that a run was made with, or those with another distance."""
    match = settings_of(result.manifest)
    return RunSettings(replace(match, distance=distance or match.distance), result.settings)


def ready_distances(result: Result) -> list[str]:
    """Return the distances that this disk has and the training set allows, the run's own first."""
    has_features = result.training.manifest().embedder.has_features is not False
    own = result.manifest.matching.distance
    ready = [m.key for m in list_models() if m.step == "distance" and m.ready]
    return [own, *(key for key in ready if key != own and (key != "features" or has_features))]


def value_by(
    workspace: Workspace,
    result: Result,
    distance: str,
    *,
    embedder: Embedder | None = None,
    report: Report = silent,
) -> Result:
    """Value the generated set by a distance, as "<run>-by-<distance>", and open that run.

    The run itself is returned for its own distance; work of an earlier call is reused.
    """
    if distance == result.manifest.matching.distance:
        return result
    name = derived_name(result.run.name, f"-by-{distance}")
    value(
        workspace,
        result.generated.name,
        against=result.training.name,
        name=name,
        settings=run_settings(result, distance=distance),
        calibrated=False,
        embedder=embedder,
        report=report,
    )
    mark_judge(workspace, name, result)
    return open_run(workspace, name, settings=result.settings)


def mark_judge(workspace: Workspace, name: str, result: Result) -> None:
    """Write into the manifest of the run `name` that it was made to judge another one."""
    run = workspace.run(name)
    run.write_manifest(msgspec.structs.replace(run.manifest(), judges=result.run.name))


def valued_by(workspace: Workspace, result: Result, distance: str) -> Result | None:
    """Open the run that `value_by` made, None where there is none or it was made from other sets.

    It reads as `result` does: the same settings, the same images left out.
    """
    if distance == result.manifest.matching.distance:
        return result
    name = derived_name(result.run.name, f"-by-{distance}")
    try:
        other = open_run(workspace, name, settings=result.settings)
    except WorkspaceError:
        return None
    mine, others = (msgspec.structs.asdict(r.manifest.matching) for r in (result, other))
    if any(mine[key] != others[key] for key in mine if key not in _OF_THE_DISTANCE):
        return None
    return replace(other, without=result.without)


MOST_NAME = 60  # leaves room for "-set" in a name


def derived_name(run: str, tail: str) -> str:
    """Return what a run that was made to judge another one is called: its name and the tail."""
    if len(run + tail) <= MOST_NAME:
        return run + tail
    told = sha256(run.encode()).hexdigest()[:8]
    return f"{run[: MOST_NAME - 9 - len(tail)]}-{told}{tail}"
