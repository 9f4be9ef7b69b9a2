"""One block of a run: rows of the generated set in, rows of the run's tables out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from gmv_core.matching.closest import CLOSEST
from gmv_core.matching.matcher import Matcher, Matches
from gmv_core.method.pairwise import pairwise_distances
from gmv_core.method.value import ALL_EARN, Basis
from gmv_core.results.totals import totals_of, value_all
from gmv_core.settings import ValueSettings
from gmv_core.store.columns import (
    all_vectors,
    fixed,
    kept_rows,
    previews_of,
    vector_blocks,
    vectors_of,
)
from gmv_core.store.manifests import Totals
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Run
from gmv_core.types import OK, Float32, Float64


def _there(images: ImageSet, rows: np.ndarray) -> np.ndarray:
    """Return which of the rows were not rejected, as positions."""
    statuses = images.images.take(rows, ["status"])["status"].to_pylist()
    return np.flatnonzero([status == OK for status in statuses])


def match_block(matcher: Matcher, images: ImageSet, rows: np.ndarray) -> pa.Table:
    """Return the "matches" rows of some generated images; a rejected one has no candidates."""
    there = _there(images, rows)
    found = _without_candidates(matcher, len(rows))
    if len(there):
        vectors = vectors_of(images.embeddings(matcher.embedder.key), rows[there])
        previews = previews_of(images, rows[there])
        features: Float32 | None = None
        if matcher.distance_key == "features":
            features = matcher.embed(previews)[1]
        part = matcher.match(vectors, features, previews)
        for name, lists in vars(part).items():
            if isinstance(lists, np.ndarray):
                getattr(found, name)[there] = lists
        found = replace(found, exact=part.exact)
    return match_rows(rows, found)


def _without_candidates(matcher: Matcher, m: int) -> Matches:
    """Return the lists of m images that have no candidates."""
    r = min(matcher.settings.candidates, len(matcher.index))
    found = Matches(
        np.full((m, r), -1, np.int64),
        np.zeros((m, r), np.int64),
        np.full((m, r), np.inf, np.float32),
        np.full((m, r), np.inf, np.float32),
        r,
        np.full((m, min(r, CLOSEST)), np.inf, np.float32),
    )
    if matcher.thumbnails is None:
        return found
    apart = np.full((m, CLOSEST), np.inf, np.float32)
    return replace(found, nearest_in_pixels=np.full((m, CLOSEST), -1), in_pixels=apart)


def match_rows(rows: np.ndarray, found: Matches) -> pa.Table:
    """Return the candidates of generated images as rows of the table "matches"."""
    columns: dict[str, Any] = {
        "id": pa.array(rows),
        "candidates": fixed(found.candidates),
        "recall_rank": fixed(found.recall_rank.astype(np.int32)),
        "recall_distance": fixed(found.recall_distance),
        "distance": fixed(found.distance),
        "exact": pa.array(np.full(len(rows), found.exact, np.int32)),
    }
    if found.pixels is not None:
        columns["pixels"] = fixed(found.pixels)
    if found.nearest_in_pixels is not None and found.in_pixels is not None:
        columns["nearest_in_pixels"] = fixed(found.nearest_in_pixels)
        columns["in_pixels"] = fixed(found.in_pixels)
    return pa.table(columns)


def quality_block(matcher: Matcher, images: ImageSet, rows: np.ndarray) -> pa.Table:
    """Return the "quality" rows of some generated images; a rejected one has nan."""
    there = _there(images, rows)
    quality = np.full(len(rows), np.nan)
    if len(there):
        vectors = vectors_of(images.embeddings(matcher.embedder.key), rows[there])
        previews = [] if matcher.metric is None else previews_of(images, rows[there])
        quality[there] = matcher.quality(vectors, previews, rows[there])
    return pa.table({"id": pa.array(rows), "quality": pa.array(quality)})


def distances_to_generated(training: Table, generated: Float32, n: int) -> tuple[Float64, Float64]:
    """Return each training image's smallest and mean embedding distance to the generated ones.

    generated: (m, d) unit rows. Both (n,), nan for a rejected image. Memory: one block of each.
    """
    nearest, mean = np.full(n, np.nan), np.full(n, np.nan)
    squared = np.einsum("md,md->m", generated, generated)
    for ids, vectors in vector_blocks(training, size=4096):
        smallest, total = np.full(len(ids), np.inf), np.zeros(len(ids))
        own = np.einsum("nd,nd->n", vectors, vectors)
        for start in range(0, len(generated), 4096):
            part = slice(start, start + 4096)
            d = pairwise_distances(vectors, generated[part], own, squared[part])
            smallest = np.minimum(smallest, d.min(axis=1))
            total += d.sum(axis=1)
        nearest[ids], mean[ids] = smallest, total / len(generated)
    return nearest, mean


def write_values(
    run: Run,
    training: ImageSet,
    generated: ImageSet,
    embedder: str,
    settings: ValueSettings,
    basis: Basis = ALL_EARN,
) -> Totals:
    """Compute φ from the stored matches, write the tables and return the totals."""
    n = len(training.images)
    values, rows = value_all(run, n, settings, basis=basis)
    vectors = all_vectors(generated.embeddings(embedder))[1]
    nearest, mean = distances_to_generated(training.embeddings(embedder), vectors, n)
    run.table("generated").write(rows)
    run.table("values").write(
        pa.table(
            {
                "id": np.arange(n),
                "value": values.value,
                "times_contributor": values.times_contributor,
                "times_candidate": values.times_candidate,
                "nearest_distance": pa.array(nearest, from_pandas=True),
                "mean_distance": pa.array(mean, from_pandas=True),
            }
        )
    )
    return totals_of(values, rows, len(kept_rows(training)))
