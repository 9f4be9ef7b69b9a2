"""Open a finished run for reading, where its sets are still those that it valued."""

from __future__ import annotations

from dataclasses import replace

from gmv_core.errors import WorkspaceError
from gmv_core.matching.loading import by_clusters, load_matcher
from gmv_core.matching.matcher import Matcher
from gmv_core.results.result import Result
from gmv_core.sets.describe import preview_side
from gmv_core.settings import MatchSettings, ValueSettings
from gmv_core.store.manifests import READY, RunManifest
from gmv_core.store.tables.kept import Kept
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.trust.credit import check_clusters, check_lists
from gmv_core.trust.duplicates import read_clusters
from gmv_core.types import Embedder


def open_run(
    workspace: Workspace,
    name: str,
    *,
    settings: ValueSettings | None = None,
    kept: Kept | None = None,
) -> Result:
    """Open a finished run, with its own value settings or with others.

    kept: for one answer, what was and will be read for it; see `Kept`.
    """
    run = replace(workspace.run(name), kept=kept)
    manifest = run.manifest()
    if manifest.state != READY:
        raise WorkspaceError(f"The run {name!r} is unfinished; run its `value` command again.")
    training = replace(workspace.image_set(manifest.training.name), kept=kept)
    generated = replace(workspace.image_set(manifest.generated.name), kept=kept)
    result = Result(run, manifest, training, generated, settings or manifest.value)
    check_sets(result)
    check_lists(manifest.matching, result.settings)
    check_clusters(training, manifest)
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


def open_matcher(
    training: ImageSet, *, run: RunManifest | None = None, embedder: Embedder | None = None
) -> Matcher:
    """Load what answers for images in no set, as a run against a finished set does for its own.

    run: the manifest of that run; None: by the default settings. embedder: needed again where the
    set was built with one given from Python. Raises WorkspaceError where the run took near copies
    as one and they are known no more, or are others.
    """
    if run is not None:
        check_clusters(training, run)
    manifest = training.manifest()
    matcher = load_matcher(
        training, manifest, settings=settings_of(run) if run else MatchSettings(),
        value=ValueSettings(), side_px=preview_side(manifest), embedder=embedder,
    )  # fmt: skip
    if run is None:
        return matcher
    if run.matching.clusters is not None:
        matcher = by_clusters(matcher, read_clusters(training).of)
    depth = max(matcher.exact_depth, run.matching.exact_depth)
    return replace(matcher, exact_depth=depth)
