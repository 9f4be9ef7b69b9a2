"""Open a finished run for reading, where its sets are still those that it valued."""

from __future__ import annotations

from gmv_core.errors import WorkspaceError
from gmv_core.results.result import Result
from gmv_core.settings import MatchSettings, ValueSettings
from gmv_core.store.manifests import READY, RunManifest
from gmv_core.store.workspace import Workspace
from gmv_core.trust.credit import check_lists


def open_run(workspace: Workspace, name: str, *, settings: ValueSettings | None = None) -> Result:
    """Open a finished run, with its own value settings or with others."""
    run = workspace.run(name)
    manifest = run.manifest()
    if manifest.state != READY:
        raise WorkspaceError(f"The run {name!r} is unfinished; run its `value` command again.")
    training = workspace.image_set(manifest.training.name)
    generated = workspace.image_set(manifest.generated.name)
    result = Result(run, manifest, training, generated, settings or manifest.value)
    check_sets(result)
    check_lists(manifest.matching, result.settings)
    return result


def check_sets(result: Result) -> None:
    """Raise WorkspaceError where a set is no longer the one that the run valued."""
    run = result.manifest
    for images, part, stamp in (
        (result.training, run.training, run.matching.training),
        (result.generated, run.generated, run.matching.generated),
    ):
        if len(images.images) != part.images:
            raise WorkspaceError(
                f"The run {result.run.name!r} valued {part.images} images of {images.name!r}, "
                f"which now has {len(images.images)}; run its `value` command again."
            )
        made = images.manifest()
        if made.removed_at and made.removed_at > (run.updated or ""):  # or are being removed
            raise WorkspaceError(
                f"Images of {images.name!r} were removed since the run {result.run.name!r} "
                "valued it; run its `value` command again."
            )
        if stamp is not None and made.stamp != stamp:
            raise WorkspaceError(
                f"The set {images.name!r} was built anew since the run {result.run.name!r} valued "
                "it; run its `value` command again."
            )


def settings_of(run: RunManifest) -> MatchSettings:
    """Return what a run was matched with, so that a dropped image is answered as one of its own."""
    matching, judging = run.matching, run.judging
    return MatchSettings(matching.candidates, matching.distance, judging.quality, judging.seed)
