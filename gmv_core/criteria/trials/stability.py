"""Does a run's answer hold? Its images valued by every ready distance, and without re-ranking.

The runs are those that `comparison.compare` makes, and are shared with it. Where the training set
holds vectors of other embedders, too, their own nearest images are readings beside these. k and τ
need none: both leave the order of the contributors as it is (`trust.stability.first_shares`).
"""

from __future__ import annotations

from functools import partial

import msgspec
import numpy as np
import pyarrow as pa

from gmv_core.criteria.trials.comparison import under
from gmv_core.criteria.trials.derived_runs import ready_distances, value_by
from gmv_core.errors import ModelError
from gmv_core.method.clusters import nearest_clusters
from gmv_core.method.recall import Neighbours, exact_search
from gmv_core.models.catalogue import list_models
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.opening import open_run
from gmv_core.results.result import Result
from gmv_core.results.stability import StabilityRecord, stability_table, write_stability
from gmv_core.sets.filling import ensure_embedded
from gmv_core.store.columns import vector_blocks, vectors_of
from gmv_core.store.workspace import Workspace
from gmv_core.trust.duplicates import read_clusters
from gmv_core.trust.stability import TEN, Stability, stability
from gmv_core.types import Embedder, Float32, Int64, Report, silent

EMBEDDING_ALONE = "none"  # without re-ranking
BLOCK = 4096  # generated images searched at once by another embedder's vectors


def hold(
    workspace: Workspace, run: str, *, embedder: Embedder | None = None, report: Report = silent
) -> Stability:
    """Compare the run with its other readings, and keep and return what was found.

    embedder: needed again where the training set was built with one given from Python.
    Raises ModelError where no other distance is ready and the training set has no other vectors.
    """
    with workspace.writing():
        result = open_run(workspace, run)
        distances = list(dict.fromkeys([*ready_distances(result), EMBEDDING_ALONE]))
        embedders = other_embedders(result)
        if len(distances) + len(embedders) < 2:
            raise ModelError("No other distance is ready; `gmv models` says what it would take.")
        lists = {}
        for distance in distances:
            other = value_by(
                workspace, result, distance, embedder=embedder, report=under(report, distance)
            )
            lists[distance] = _contributors(other)
        for key in embedders:
            lists[f"{key} alone"] = _nearest(result, key, under(report, key))
        found = stability(lists)
        stability_table(result.run).write(
            pa.table(
                {
                    "id": np.arange(len(found.value)),
                    "stability": found.value,
                    "same_first": found.same_first,
                    "overlap": found.overlap,
                }
            )
        )
        write_stability(result.run, StabilityRecord(found.readings, result.manifest.updated))
        return found


def _contributors(result: Result) -> Int64:
    """Return the ten nearest training rows of every generated image, (m, 10), −1 for none."""
    parts = [block.matches.candidates[:, :TEN] for block in blocks(result.run)]
    found: Int64 = np.concatenate(parts)
    return found


def other_embedders(result: Result) -> list[str]:
    """Return the other embedders whose vectors the training set holds and the generated set can.

    A set that was built again with another embedder keeps the vectors of the first one.
    """
    ready = {m.key for m in list_models() if m.step == "embed" and m.ready}
    training, generated = result.training, result.generated
    return [
        key
        for key in training.manifest().precisions
        if key != result.manifest.matching.embedder
        and len(training.embeddings(key)) == len(training.images)
        and (key in ready or len(generated.embeddings(key)) == len(generated.images))
    ]


def _nearest(result: Result, key: str, report: Report) -> Int64:
    """Return the ten nearest training rows by another embedder's vectors, as `_contributors`."""
    training, generated = result.training, result.generated
    manifest = training.manifest()
    chosen = msgspec.structs.replace(manifest.embedder, key=key, precision=manifest.precisions[key])
    ensure_embedded(generated, chosen, embedder=None, report=report)
    stored, own = training.embeddings(key), generated.embeddings(key)

    def search(queries: Float32, k: int) -> Neighbours:
        return exact_search(queries, vector_blocks(stored), k=k)

    clusters = None
    if result.manifest.matching.clusters is not None:
        clusters = read_clusters(training).of
    found = []
    for start in range(0, len(generated.images), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(generated.images)))
        vectors = vectors_of(own, rows)
        if clusters is None:
            ids = search(vectors, TEN).ids
        else:
            ids = nearest_clusters(
                search, vectors, clusters, partial(vectors_of, stored), k=TEN, n=len(clusters)
            ).ids
        found.append(np.where(vectors.any(axis=1, keepdims=True), ids, -1))
    return np.concatenate(found)
