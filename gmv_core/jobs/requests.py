"""Builds and runs as jobs: what was asked is checked while someone is there, then it starts.

What jobs made is deleted here too, so that no job is left behind.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from gmv_core.errors import WorkspaceError
from gmv_core.jobs import control, deletion
from gmv_core.jobs.arguments import (
    build_arguments,
    held_out_arguments,
    reading_arguments,
    run_arguments,
    source_arguments,
)
from gmv_core.jobs.job import Job, list_jobs
from gmv_core.jobs.uploads import uploads_of
from gmv_core.models.choice import resolve_embedder
from gmv_core.results.influence.tables import read_record
from gmv_core.results.opening import settings_of
from gmv_core.results.result import Result
from gmv_core.settings import EmbedSettings, IndexSettings, MatchSettings, RunSettings
from gmv_core.sources.addresses.address import is_address
from gmv_core.sources.source import Source
from gmv_core.store.access import Right, require
from gmv_core.store.files import aside
from gmv_core.store.manifests import EMPTY, READY, RunManifest
from gmv_core.store.workspace import Workspace


def build_set(
    workspace: Workspace,
    source: Source,
    *,
    name: str,
    embedder: str = "auto",
    index: str = "auto",
) -> Job:
    """Start building a new set.

    Raises WorkspaceError for a name that is none, or is taken, SettingsError for an unknown
    embedder or index.
    """
    name = _free(workspace, name)
    resolve_embedder(embedder)
    chosen = build_arguments(EmbedSettings(embedder), IndexSettings(index))
    arguments = ["build", source.location, "--name", name, *chosen]
    source = _with_kept_table(workspace, source, name, 0)
    return _start(workspace, arguments, source, name, "Building")


def add_to_set(workspace: Workspace, source: Source, *, name: str) -> Job:
    """Start adding a source's images to a finished set."""
    require(Right.EDIT, "adding images")
    manifest = workspace.image_set(name).manifest()
    if manifest.state not in (READY, EMPTY):
        raise WorkspaceError(f"The set {name!r} is unfinished; finish it before adding to it.")
    source = _with_kept_table(workspace, source, name, len(manifest.sources))
    return _start(workspace, ["add", name, source.location], source, name, "Adding to")


def _table_of(workspace: Workspace, name: str, number: int) -> Path:
    """Return where the uploaded label table of a set's source of that number is kept."""
    return workspace.image_set(name).beside / f"labels-{number}.csv"


def _with_kept_table(workspace: Workspace, source: Source, name: str, number: int) -> Source:
    """Keep an uploaded label table with the set: uploads go when their job is forgotten."""
    table = source.labels_file
    if not source.table_given or not isinstance(table, Path):
        return source
    if uploads_of(workspace, replace(source, location="/")) is None:
        return source
    kept = _table_of(workspace, name, number)
    with aside(kept) as unfinished:
        shutil.copyfile(table, unfinished)
    return replace(source, labels_file=kept)


def finish_set(workspace: Workspace, name: str) -> Job:
    """Go on with a half-built set, from where its images were read.

    Raises WorkspaceError where they are gone.
    """
    manifest = workspace.image_set(name).manifest()
    last = manifest.sources[-1]
    if not is_address(last.location) and not Path(last.location).exists():
        raise WorkspaceError(
            f"The images that {name!r} was being made from are gone ({last.location}); delete "
            "the set and bring them again."
        )
    asked = manifest.asked_index or (manifest.index.asked if manifest.index else None)
    index = IndexSettings(asked) if asked else IndexSettings()
    chosen = build_arguments(EmbedSettings(manifest.embedder.key), index)
    arguments = ["build", last.location, "--name", name, *chosen]
    if len(manifest.sources) > 1:
        arguments = ["add", name, last.location]
    arguments += reading_arguments(last.reading, last.split)
    table = _table_of(workspace, name, len(manifest.sources) - 1)
    if table.exists():
        arguments += ["--labels", str(table)]
    return control.start(workspace, arguments, title=f"Building {name}", target=name)


def value_uploads(
    workspace: Workspace, source: Source, *, against: str, name: str, influence: bool = False,
    held_out: str = "",
) -> Job:  # fmt: skip
    """Start valuing a source as a new run; raise WorkspaceError for a name as `build_set` does.

    influence: predict it, too. held_out: the name of a set of unseen real images.
    """
    name = _free(workspace, name)
    chosen = [*run_arguments(RunSettings(influence=influence)), *held_out_arguments(held_out)]
    arguments = ["value", source.location, "--against", against, "--name", name, *chosen]
    return _start(workspace, arguments, source, name, "Valuing")


def value_anew(
    workspace: Workspace,
    result: Result,
    *,
    name: str,
    match: MatchSettings,
    influence: bool = False,
    held_out: str = "",
) -> Job:
    """Start valuing a run's images as a new run: matched otherwise, its values read as `result`'s.

    influence: predict it, too. held_out: the name of a set of unseen real images. Raises
    WorkspaceError for a name as `build_set` does.
    """
    name = _free(workspace, name)
    title = f"Valuing {result.generated.name} by the distance {match.distance}"
    settings = RunSettings(match, result.settings, influence)
    return _value(workspace, result.manifest, name, settings, title, held_out)


def value_again(workspace: Workspace, name: str) -> Job:
    """Start a finished run again with its own settings, as after its training set has grown."""
    run = workspace.run(name)
    manifest = run.manifest()
    predicted = read_record(run) is not None
    settings = RunSettings(settings_of(manifest), manifest.value, predicted)
    held_out = manifest.null.source if manifest.null else ""
    return _value(workspace, manifest, name, settings, f"Valuing {name} again", held_out)


def delete(workspace: Workspace, name: str, *, kind: str = "") -> str:
    """Delete the set or run of that name and forget the jobs that made it; see `deletion.delete`.

    Raises WorkspaceError where a job works on it, too.
    """
    made = [job for job in list_jobs(workspace) if job.target == name]
    if any(job.active for job in made):
        raise WorkspaceError(f"{name!r} is being worked on; cancel that first.")
    deleted = deletion.delete(workspace, name, kind=kind)
    for job in made:
        control.forget(workspace, job.id)
    return deleted


def predict_influence(workspace: Workspace, name: str) -> Job:
    """Start predicting the influence of a finished run."""
    return control.start(
        workspace, ["influence", name], title=f"Predicting influence for {name}", target=name
    )


def prepare_regions(workspace: Workspace, name: str) -> Job:
    """Start storing what the regions of a finished run need of its training set."""
    return control.start(
        workspace, ["regions", name, "--prepare"], title=f"Preparing regions for {name}",
        target=name,
    )  # fmt: skip


def make_map(workspace: Workspace, name: str) -> Job:
    """Start laying a finished set out in two dimensions."""
    return control.start(workspace, ["map", name], title=f"Laying out {name}", target=name)


def _value(
    workspace: Workspace, made: RunManifest, name: str, settings: RunSettings, title: str,
    held_out: str,
) -> Job:  # fmt: skip
    """Start valuing the sets of the run whose manifest is `made`, as the run `name`."""
    sets = [made.generated.name, "--against", made.training.name, "--name", name]
    arguments = ["value", *sets, *run_arguments(settings), *held_out_arguments(held_out)]
    return control.start(workspace, arguments, title=title, target=name)


def _free(workspace: Workspace, name: str) -> str:
    """Return a name for a new set or run; raise WorkspaceError where it is none, or is taken."""
    require(Right.EDIT, "building or valuing")
    name = name.strip()
    taken = workspace.image_set(name).exists() or workspace.run(name).exists()
    waiting = [job for job in list_jobs(workspace) if job.target == name and job.state != "done"]
    if taken or waiting:
        raise WorkspaceError(
            f"The name {name!r} is taken in this workspace; choose another, or delete what has it."
        )
    return name


def _start(
    workspace: Workspace, arguments: list[str], source: Source, name: str, doing: str
) -> Job:
    arguments = [*arguments, *source_arguments(source)]
    return control.start(
        workspace,
        arguments,
        title=f"{doing} {name}",
        target=name,
        uploads=uploads_of(workspace, source),
    )
