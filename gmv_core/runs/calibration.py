"""Hold a run against unseen real images: the null of its training set, and copies of equal pixels.

The null is kept with the training set, so another run of the same kind has it at once.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from gmv_core.cluster.workers import Workers
from gmv_core.errors import WorkspaceError
from gmv_core.matching.matcher import Matcher
from gmv_core.results.candidate_lists import blocks
from gmv_core.sets.build import build_like
from gmv_core.sets.filling import ensure_embedded
from gmv_core.sets.identity import is_from
from gmv_core.sources.source import Source
from gmv_core.store.columns import kept_rows, previews_of, sample_rows, vectors_of
from gmv_core.store.manifests import EMPTY, READY, NullEntry, SetManifest
from gmv_core.store.workspace import ImageSet, Run, Workspace, check_name
from gmv_core.trust.closeness import TRAINED, cells_of, closeness
from gmv_core.trust.identical import identical_rows
from gmv_core.trust.null import nearest_of, null_table, read_null, unseen_rows
from gmv_core.trust.standing import HELD_OUT as UNSEEN
from gmv_core.types import Embedder, Int64, Report, UInt8, silent
from gmv_core.words import counted

HELD_OUT = "-held-out"  # what the set that a run makes of its held-out images is called, after it


def held_out_set(
    workspace: Workspace,
    given: Source | str,
    *,
    run: str,
    trained: SetManifest,
    embedder: Embedder | None = None,
    report: Report = silent,
    workers: Workers | None = None,
) -> ImageSet:
    """Return a finished set of held-out images, embedded as the training set is.

    given: the name of a set, or a source, which becomes the set "<run>-held-out". Raises
    WorkspaceError where no image of it can be read.
    """
    if isinstance(given, str):
        images = workspace.image_set(given)
        state = images.manifest().state
        if state == EMPTY:
            raise _no_unseen(f"No image of the set {given!r} could be read")
        if state != READY:
            raise WorkspaceError(f"The set {given!r} is unfinished; run its build again.")
        if given == trained.name:
            raise WorkspaceError(
                f"{given!r} is the training set itself; give images that it does not hold."
            )
        ensure_embedded(images, trained.embedder, embedder=embedder, report=report)
        return images
    images = workspace.image_set(check_name(run + HELD_OUT))
    if images.exists() and not is_from(images.manifest(), given, None):
        others = [name for name in workspace.users(images.name) if name != run]
        if others:
            raise WorkspaceError(
                f"The run {others[0]!r} uses other images under {images.name!r}; choose another "
                "name for this run."
            )
        workspace.drop(images)
    made = build_like(workspace, trained, given, name=images.name, embedder=embedder,
                      report=report, workers=workers)  # fmt: skip
    if made.state == EMPTY:
        workspace.drop(images)
        raise _no_unseen(f"No held-out image in {given.location} could be read")
    return images


def seen_sentences(training: ImageSet, unseen: ImageSet) -> list[str]:
    """Say how many held-out images are in the training set; raise where all of them are."""
    there, left = len(kept_rows(unseen)), len(unseen_rows(unseen, training))
    if not left:
        raise _no_unseen(f"Each of the {counted(there, 'held-out image')} is in {training.name!r}")
    if left == there:
        return []
    are = "is" if there - left == 1 else "are"
    return [f"{there - left:,} of {counted(there, 'held-out image')} {are} in the training set, "
            "too, and so not unseen: nothing is held against them."]  # fmt: skip


def _no_unseen(what: str) -> WorkspaceError:
    return WorkspaceError(
        f"{what}, so there is nothing unseen to compare with; give real images that the model was "
        "not trained on, or value without --held-out."
    )


def write_identical(run: Run, matcher: Matcher, images: ImageSet) -> None:
    """Write the training row with the same pixels of each generated image, −1 for none."""
    found, stored = [], images.embeddings(matcher.embedder.key)
    for block in blocks(run):
        rows = block.rows
        near = matcher.near(block.matches, partial(vectors_of, stored, rows))
        of = partial(_preview, images, rows)
        found.append(identical_rows(near, of, matcher.training))
    every = np.concatenate(found)
    table = pa.table({"id": np.arange(len(every)), "identical": pa.array(every)})
    run.table("identical").write(table)


def _preview(images: ImageSet, rows: Int64, place: int) -> UInt8:
    return previews_of(images, rows[[place]])[0]


def with_closeness(entry: NullEntry, run: Run, matcher: Matcher, images: ImageSet) -> NullEntry:
    """Return the entry of a null of held-out images with C_T of the run's images.

    Of left-out training images, or too few of either kind, it is returned as it is.
    """
    if entry.kind != UNSEEN:
        return entry
    key, training = matcher.embedder.key, matcher.training
    parts = [nearest_of(block.matches).distance[:, 0] for block in blocks(run)]
    made, stored = np.concatenate(parts).astype(np.float64), null_table(training, entry.key)
    held = read_null(training, entry).nearest.distance[:, 0].astype(np.float64)
    rows = stored.read(["row"])["row"].to_numpy()
    held_out = Workspace(run.folder.parent.parent).image_set(entry.source)
    there, here = np.flatnonzero(np.isfinite(made)), np.flatnonzero(np.isfinite(held))
    cells = cells_of(
        vectors_of(training.embeddings(key), sample_rows(training, TRAINED)),
        vectors_of(images.embeddings(key), there),
        vectors_of(held_out.embeddings(key), rows[here]),
    )
    found = closeness(made[there], held[here], (cells[0], cells[1], cells[2]))
    if found is None:
        return entry
    return replace(entry, closeness=found.score, closeness_p=found.p)
