"""Take images out of a set without building it anew, and erase what was taken out.

A removed image keeps its row, so that no row id changes; its status is REMOVED, its vector zero, as
those of a rejected one are, so that nothing finds it. Its bytes stay on the disk until they are
erased.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from gmv_core.errors import WorkspaceError
from gmv_core.sets.describe import describe
from gmv_core.sets.index import shrink_index
from gmv_core.sets.provenance import Stages
from gmv_core.sets.soundness import files_of, vector_tables
from gmv_core.store.columns import fixed, matrix, vector_blocks
from gmv_core.store.files import now, paths_in
from gmv_core.store.manifests import EMPTY, READY, SetManifest
from gmv_core.store.marks import unmark
from gmv_core.store.selections import read_selection, save_selection, saved_names
from gmv_core.store.tables.table import Table
from gmv_core.store.tables.with_values import with_values
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.types import REMOVED, Int64, Progress, Report, silent

LABEL_TABLES = "labels-*.csv"  # uploaded ones, kept with the set until it is finished
_EMPTY = {
    "status": REMOVED, "label": "", "owner": "", "attributes": "", "sha256": "", "size_bytes": 0,
    "width": 0, "height": 0, "is_grey": False, "low": 0.0, "high": 0.0, "mean": 0.0,
    "preview": b"", "note": "",
}  # fmt: skip


def remove(
    workspace: Workspace, name: str, images: Collection[str], *, report: Report = silent
) -> SetManifest:
    """Take images out of a finished set; return its manifest.

    images: their names in the set; those that are removed already are passed over. Runs that used
    the set cannot be opened before they are valued again. Killed, the same call goes on. Raises
    WorkspaceError for a name that the set has not; then nothing is removed.
    """
    with workspace.writing():
        target = workspace.image_set(name)
        manifest = target.manifest()
        if manifest.index is None or not manifest.sources[-1].complete:
            raise WorkspaceError(
                f"The set {name!r} is unfinished; run its build again to finish it, then remove."
            )
        rows = _rows_of(target, images)
        finished = manifest.state in (READY, EMPTY)
        if finished and not len(rows):
            return replace(manifest, reused=True)
        stages = Stages(
            replace(manifest, state="building", removed_at=now(), grew_from=()),
            target.write_manifest,
        )
        target.write_manifest(stages.manifest)
        report(Progress("remove", 0, len(rows)))
        if len(rows):
            target.images.change(rows, {"status": pa.array([REMOVED] * len(rows))})
        report(Progress("remove", len(rows), len(rows)))
        with stages.stage("index", anew=True):
            report(Progress("index", 0, None))
            key = manifest.embedder.key
            covered = np.concatenate(
                [ids for ids, _ in vector_blocks(target.embeddings(key))] or [rows[:0]]
            )
            forget_vectors(target)
            told = describe(target, None, manifest.sources[-1])
            stages.change(
                index=shrink_index(target, key, manifest.index, covered),
                counts=told.counts,
                typical=told.typical,
                notes=told.notes,
            )
        stages.change(files=files_of(target, key))
        unmark(target, images)
        _unselect(target)
        done = stages.finish(state=READY if told.counts.ok else EMPTY)
        report(Progress("done", len(rows), len(rows)))
        return replace(done, reused=False)


def _unselect(target: ImageSet) -> None:
    """Take removed images out of the saved selections of a set."""
    gone = removed_rows(target)
    for name in saved_names(target):
        rows = read_selection(target, name)
        if np.isin(rows, gone).any():
            save_selection(target, name, np.setdiff1d(rows, gone))


def _rows_of(target: ImageSet, images: Collection[str]) -> Int64:
    """Return the rows of images that are not removed yet, rising; raise for an unknown name."""
    table = target.images.read(["id", "name", "status"])
    found = table.filter(pc.is_in(table["name"], value_set=pa.array(set(images), pa.string())))
    unknown = sorted(set(images) - set(found["name"].to_pylist()))
    if unknown:
        more = f" and {len(unknown) - 1:,} others that were given" if len(unknown) > 1 else ""
        raise WorkspaceError(
            f"The set {target.name!r} has no image {unknown[0]!r}{more}, so nothing is removed; "
            f"its names look like {table['name'][0].as_py()!r}."
        )
    rows: Int64 = found.filter(pc.not_equal(found["status"], REMOVED))["id"].to_numpy()
    return rows


def removed_rows(images: ImageSet) -> Int64:
    """Return the rows of the images that were removed, rising."""
    table = images.images.read(["id", "status"])
    rows: Int64 = table.filter(pc.equal(table["status"], REMOVED))["id"].to_numpy()
    return rows


def forget_vectors(images: ImageSet) -> None:
    """Give removed images zeros for vectors and sketches, by every embedder."""
    gone = removed_rows(images)
    for table in vector_tables(images):
        rows = gone[gone < len(table)]
        if len(rows) and matrix(table.take(rows, ["vector"])["vector"]).any():
            table.change(rows, _zeros(table, rows))


def _zeros(table: Table, rows: Int64) -> dict[str, pa.Array]:
    """Return zeros for the columns of a table that hold vectors, nan for a position on the map."""
    shapes = {name: matrix(table.take(rows[:1], [name])[name]) for name in table.columns()
              if name in ("vector", "features", "pixels", "position")}  # fmt: skip
    return {
        name: fixed(np.full((len(rows), one.shape[1]), np.nan if name == "position" else 0,
                            one.dtype))
        for name, one in shapes.items()
    }  # fmt: skip


def erased_name(row: int) -> str:
    """Return what an image is called whose name was erased."""
    return f"(removed {row})"


def erase_removed(images: ImageSet, *, report: Report = silent) -> dict[str, str]:
    """Erase what a finished set still holds of removed images: pixels, vectors, names, labels.

    Returns the names that are erased now, each with the SHA-256 of its image. Rows and results
    stay; every table forgets its older versions. To be called as the workspace's one writer;
    killed, the same call goes on.
    """
    manifest = images.manifest()
    if manifest.state not in (READY, EMPTY):
        raise WorkspaceError(f"The set {images.name!r} is unfinished; run its build again first.")
    gone, tables = removed_rows(images), _further_tables(images)
    about = images.images.take(gone, ["name", "sha256"]).to_pylist() if len(gone) else []
    names = [erased_name(int(row)) for row in gone]
    fresh = {a["name"]: a["sha256"] for a, name in zip(about, names, strict=True)
             if a["name"] != name}  # fmt: skip
    for done, table in enumerate(tables):
        report(Progress("erase", done, len(tables) + 1))
        rows = gone[gone < len(table)]
        if fresh and len(rows):
            table.rewrite(partial(with_values, rows=rows, changed=_zeros(table, rows)))
        table.forget_versions()
    if fresh:
        for labels in images.beside.glob(LABEL_TABLES):
            labels.unlink()
        kept = {column: _EMPTY[column] for column in images.images.columns() if column in _EMPTY}
        empty = {column: pa.array([value] * len(gone)) for column, value in kept.items()}
        # The names go last: they tell whoever was killed that there is something to erase.
        empty["name"] = pa.array(names)
        images.images.rewrite(partial(with_values, rows=gone, changed=empty))
    images.images.forget_versions()
    # What is left of the set is what it was, so runs that used it stay valid.
    images.write_manifest(replace(manifest, files=files_of(images, manifest.embedder.key)))
    return fresh


def _further_tables(images: ImageSet) -> list[Table]:
    """Return the tables that hold vectors, pixels or positions of images by row."""
    kept = [*paths_in(images.folder, "layout.lance"), *paths_in(images.folder, "pixels-*.lance")]
    return [*vector_tables(images), *map(Table, kept)]
