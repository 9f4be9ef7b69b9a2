"""The map of a set: its images in two dimensions, kept with it under what it was made from.

A sample of at most MOST_FITTED images is laid out by PaCMAP; the others, and whatever comes later,
are placed by their nearest ones in it, which stay where they are.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from gmv_core.errors import ModelError, WorkspaceError
from gmv_core.method.layout import (
    FEWEST,
    NEIGHBOURS,
    fit_layout,
    nearest_fitted,
    place,
    principal_axes,
)
from gmv_core.store.columns import fixed, matrix, vector_blocks, vectors_of
from gmv_core.store.files import write_json
from gmv_core.store.manifests import READY
from gmv_core.store.tables.damage import is_sound
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.types import Float32, Int64, Progress, Report, silent

MOST_FITTED = 20_000
RECORD = "layout.json"
VERSION = 1  # of the rule; another one makes every map out of date


class LayoutRecord(msgspec.Struct, frozen=True):
    """What a map was made from, and what it holds: the file layout.json.

    images: placed in all. fitted: of these, laid out by PaCMAP.
    """

    inputs: dict[str, Any]
    images: int
    fitted: int


def make_layout(
    workspace: Workspace, name: str, *, seed: int = 0, report: Report = silent
) -> LayoutRecord:
    """Lay out the images of the finished set `name` and keep their positions with it.

    A map that an equal set has already is kept. Raises WorkspaceError for an unfinished set,
    ModelError for one of fewer than FEWEST images. Memory: the sample, a block, and (n, 2) numbers.
    """
    with workspace.writing():
        images = workspace.image_set(name)
        manifest = images.manifest()
        if manifest.state != READY:
            raise WorkspaceError(f"The set {name!r} is unfinished; run its build again.")
        inputs = _inputs(images, seed)
        record = read_record(images)
        if record is not None and record.inputs == inputs and is_sound(layout_table(images)):
            return record
        (images.folder / RECORD).unlink(missing_ok=True)
        positions, fitted = _positions(images.embeddings(manifest.embedder.key), seed, report)
        rows = {"id": np.arange(len(positions)), "position": fixed(positions)}
        layout_table(images).write(pa.table(rows))
        there = int(np.isfinite(positions[:, 0]).sum())
        record = LayoutRecord(inputs, there, fitted)
        write_json(images.folder / RECORD, msgspec.to_builtins(record))
        return record


def _positions(vectors: Table, seed: int, report: Report) -> tuple[Float32, int]:
    """Return the position of every row, (n, 2), nan for a rejected image; and how many are fitted.

    vectors: the table of embeddings.
    """
    ids = np.concatenate([b for b, _ in vector_blocks(vectors)] or [np.empty(0, np.int64)])
    if len(ids) < FEWEST:
        raise ModelError(
            f"A map needs at least {FEWEST} images, and this set has {len(ids)}; add more."
        )
    positions = np.full((len(vectors), 2), np.nan, np.float32)
    sample = np.sort(np.random.default_rng(seed).permutation(ids)[:MOST_FITTED])
    report(Progress("layout", 0, len(ids)))
    chosen = vectors_of(vectors, sample)
    axes = principal_axes(chosen)
    points = axes(chosen)
    positions[sample] = laid_out = fit_layout(points, seed=seed)
    report(Progress("layout", len(sample), len(ids)))
    if len(sample) == len(ids):
        return positions, len(sample)
    done = len(sample)
    for block, found in vector_blocks(vectors):
        others = ~np.isin(block, sample, assume_unique=True)
        distances, places = nearest_fitted(points, axes(found[others]))
        positions[block[others]] = place(laid_out[places], distances)
        done += int(others.sum())
        report(Progress("layout", done, len(ids)))
    return positions, len(sample)


def place_by(positions: Float32, candidates: Int64, distances: Float32) -> Float32:
    """Place images that are not in the set by their nearest training images; return (m, 2).

    positions: (n, 2), of `read_layout`. candidates: (m, R) training rows, −1 for none. distances:
    (m, R) of their vectors. Rejected ones are nan.
    """
    nearest = np.argsort(np.where(candidates < 0, np.inf, distances), axis=1, kind="stable")
    nearest = nearest[:, :NEIGHBOURS]
    rows = np.take_along_axis(candidates, nearest, axis=1)
    apart = np.where(rows < 0, np.inf, np.take_along_axis(distances, nearest, axis=1))
    return place(positions[np.maximum(rows, 0)], apart)


def layout_table(images: ImageSet) -> Table:
    return images.table("layout")


def _inputs(images: ImageSet, seed: int) -> dict[str, Any]:
    manifest = images.manifest()
    precision = manifest.precisions.get(manifest.embedder.key, "")
    return {"stamp": manifest.stamp, "embedder": manifest.embedder.key, "precision": precision,
            "fitted": MOST_FITTED, "seed": seed, "version": VERSION}  # fmt: skip


def read_record(images: ImageSet) -> LayoutRecord | None:
    """Return what is known of a set's map, None where none was made or it cannot be read."""
    try:
        return msgspec.json.decode((images.folder / RECORD).read_bytes(), type=LayoutRecord)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def has_layout(images: ImageSet) -> bool:
    """Return whether there is a map of a set as it is now, with whatever seed."""
    record = read_record(images)
    return record is not None and record.inputs == _inputs(images, record.inputs.get("seed", 0))


def read_layout(images: ImageSet) -> Float32:
    """Return the position of every image, (n, 2) float32, nan for a rejected one.

    Raises WorkspaceError where there is no map of the set as it is now.
    """
    if not has_layout(images):
        raise WorkspaceError(
            f"There is no map of {images.name!r} as it is now; `gmv map {images.name}` makes it."
        )
    positions: Float32 = matrix(layout_table(images).read(["position"])["position"])
    return positions
