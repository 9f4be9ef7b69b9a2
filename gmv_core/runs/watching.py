"""Value generated images as they arrive in a folder: a run that grows, round by round.

Each round appends the images that are new to the generated set, and their rows to the run's tables;
what was matched before is kept. Killed at any moment, the same call goes on.
"""

from __future__ import annotations

import time
from pathlib import Path

from gmv_core.errors import SourceError, WorkspaceError
from gmv_core.models.choice import reload_embedder
from gmv_core.runs.generated import GENERATED
from gmv_core.runs.inputs import Say, begun
from gmv_core.runs.valuation import value
from gmv_core.sets.build import grow
from gmv_core.settings import RunSettings
from gmv_core.sources.readers.arrivals import KIND, Arrivals
from gmv_core.store.access import Right, require
from gmv_core.store.manifests import READY, RunManifest
from gmv_core.store.workspace import ImageSet, Run, Workspace, check_name
from gmv_core.types import Embedder, Report, silent
from gmv_core.words import counted


def watch(
    workspace: Workspace,
    folder: Path | str,
    *,
    against: str,
    name: str,
    settings: RunSettings | None = None,
    every_seconds: float = 2.0,
    idle_seconds: float | None = None,
    embedder: Embedder | None = None,
    report: Report = silent,
    say: Say = lambda _: None,
) -> RunManifest | None:
    """Value what arrives in a folder against the training set `against`, as the run `name`.

    every_seconds: between two looks. idle_seconds: ends after so long without a new image; None:
    goes on until it is interrupted. Returns the run's manifest, None where nothing could be valued.
    A file is read when it has stood still for 2 s; one that changes after that stays what it was.
    Raises SourceError where there is no such folder, WorkspaceError for a name that is taken.
    """
    require(Right.EDIT, "watching a folder")
    settings = settings or RunSettings()
    folder = Path(folder).expanduser().absolute()
    if not folder.is_dir():
        raise SourceError(f"{folder} is no folder; make it first, or give another.")
    trained = workspace.image_set(against).manifest()
    if trained.state != READY:
        raise WorkspaceError(f"The set {against!r} is unfinished or empty; finish its build first.")
    run, images = workspace.run(name), workspace.image_set(check_name(name + GENERATED))
    _check_free(run, images, folder)
    built = trained.embedder
    network = reload_embedder(built.key, built.precision, embedder)
    arrivals, quiet_since = Arrivals(folder), time.monotonic()
    while True:
        known = _names(images)
        arrived = arrivals.settled(known) or (arrivals.none() if _is_half(images) else None)
        if arrived is not None or _is_behind(run, images):
            with workspace.writing(wait=True):
                if not run.exists():
                    run.write_manifest(begun(run, trained, images, settings))
                if arrived is not None:
                    grow(workspace, trained, arrived, name=images.name, embedder=network,
                         report=report)  # fmt: skip
                readable = images.manifest().state == READY
                if readable:
                    value(workspace, images.name, against=against, name=name, settings=settings,
                          embedder=network, report=report)  # fmt: skip
            new = counted(len(images.images) - len(known), "image")
            told = f"{len(images.images):,} are valued" if readable else "none can be read"
            say(f"{new} arrived; {told}.")
            quiet_since = time.monotonic()
        elif idle_seconds is not None and time.monotonic() - quiet_since >= idle_seconds:
            manifest = run.manifest() if run.exists() else None
            return manifest if manifest and manifest.state == READY else None
        else:
            time.sleep(every_seconds)


def _names(images: ImageSet) -> set[str]:
    if not images.images.exists():
        return set()
    return set(images.images.read(["name"])["name"].to_pylist())


def _is_half(images: ImageSet) -> bool:
    """Return whether a killed call left the set unfinished, with images in it."""
    return images.exists() and len(images.images) > 0 and images.manifest().state == "building"


def _is_behind(run: Run, images: ImageSet) -> bool:
    """Return whether a killed call left images of a finished set unvalued."""
    if not images.exists() or images.manifest().state != READY:
        return False
    known = run.manifest() if run.exists() else None
    stamp = images.manifest().stamp
    return known is None or known.state != READY or known.matching.generated != stamp


def _check_free(run: Run, images: ImageSet, folder: Path) -> None:
    """Raise WorkspaceError where the run or its set is of something else than this folder."""
    source = images.manifest().sources[0] if images.exists() else None
    if source is not None and (source.kind, source.location) == (KIND, str(folder)):
        return
    if source is not None or (run.exists() and run.manifest().state != "begun"):
        place = source.location if source else "other images"
        raise WorkspaceError(
            f"The name {run.name!r} is taken: that run is of {place}; choose another --name."
        )
