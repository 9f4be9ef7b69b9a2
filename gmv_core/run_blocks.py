"""One block of a run: rows of the generated set in, rows of the run's tables out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from gmv_core.matching.matcher import Matcher, Matches
from gmv_core.store.columns import fixed, previews_of, vectors_of
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, Float32


def _there(images: ImageSet, rows: np.ndarray) -> np.ndarray:
    """Return which of the rows were not rejected, as positions."""
    statuses = images.images.take(rows, ["status"])["status"].to_pylist()
    return np.flatnonzero([status == OK for status in statuses])


def match_block(matcher: Matcher, images: ImageSet, rows: np.ndarray) -> pa.Table:
    """Return the "matches" rows of some generated images; a rejected one has no candidates."""
    there = _there(images, rows)
    r = min(matcher.settings.candidates, len(matcher.index.ids))
    n = len(rows)
    found = Matches(
        np.full((n, r), -1, np.int64),
        np.zeros((n, r), np.int64),
        np.full((n, r), np.inf, np.float32),
        np.full((n, r), np.inf, np.float32),
        r,
    )
    if len(there):
        vectors = vectors_of(images.embeddings(matcher.embedder.key), rows[there])
        previews = [] if matcher.distance_key == "none" else previews_of(images, rows[there])
        features: Float32 | None = None
        if matcher.distance_key == "features":
            features = matcher.embed(previews)[1]
        part = matcher.match(vectors, features, previews)
        found.candidates[there] = part.candidates
        found.recall_rank[there] = part.recall_rank
        found.recall_distance[there] = part.recall_distance
        found.distance[there] = part.distance
        found = Matches(
            found.candidates, found.recall_rank, found.recall_distance, found.distance, part.exact
        )
    return _match_rows(rows, found)


def _match_rows(rows: np.ndarray, found: Matches) -> pa.Table:
    columns: dict[str, Any] = {
        "id": pa.array(rows),
        "candidates": fixed(found.candidates),
        "recall_rank": fixed(found.recall_rank.astype(np.int32)),
        "recall_distance": fixed(found.recall_distance),
        "distance": fixed(found.distance),
        "exact": pa.array(np.full(len(rows), found.exact, np.int32)),
    }
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
