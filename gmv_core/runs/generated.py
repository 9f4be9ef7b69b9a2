"""The images that a run values: a set of the workspace, or one that it builds of a source."""

from __future__ import annotations

from gmv_core.cluster.workers import Workers
from gmv_core.errors import WorkspaceError
from gmv_core.runs.inputs import begun
from gmv_core.sets.build import build_like
from gmv_core.sets.filling import ensure_embedded
from gmv_core.sets.identity import is_from
from gmv_core.settings import RunSettings
from gmv_core.sources.labels import Labels
from gmv_core.sources.source import Source
from gmv_core.store.manifests import SetManifest
from gmv_core.store.workspace import ImageSet, Run, Workspace, check_name
from gmv_core.types import Embedder, Report

GENERATED = "-generated"  # what the set that a run makes of its source is called, after it


def generated_set(
    workspace: Workspace,
    given: Source | str,
    *,
    run: Run,
    trained: SetManifest,
    settings: RunSettings,
    labels: Labels | None,
    embedder: Embedder | None,
    report: Report,
    workers: Workers | None,
) -> ImageSet:
    """Return the set of a run's generated images, embedded as the training set is.

    given: the name of a set, or a source, which becomes the set "<run>-generated"; what the run was
    given before is replaced. The run's manifest is written first, so that a killed start knows its
    own set again. Raises WorkspaceError where another run uses what would be replaced.
    """
    if isinstance(given, str):
        images = workspace.image_set(given)
        ensure_embedded(images, trained.embedder, embedder=embedder, report=report)
        return images
    images = workspace.image_set(check_name(run.name + GENERATED))
    if not run.exists():
        run.write_manifest(begun(run, trained, images, settings))
    made = run.manifest().generated
    mine = made.name == images.name and made.own and images.exists()
    if mine and not is_from(images.manifest(), given, labels):
        _drop_images(workspace, run, images)
    build_like(
        workspace,
        trained,
        given,
        name=images.name,
        labels=labels,
        embedder=embedder,
        report=report,
        workers=workers,
    )
    return images


def _drop_images(workspace: Workspace, run: Run, images: ImageSet) -> None:
    """Delete the images that a run was given before, which no other run may use."""
    others = [name for name in workspace.users(images.name) if name != run.name]
    if others:
        raise WorkspaceError(
            f"The images that {run.name!r} was given before are those of the run "
            f"{others[0]!r} too, and these are others; choose another name, or delete "
            f"{others[0]!r} first."
        )
    run.close()
    workspace.drop(images)
