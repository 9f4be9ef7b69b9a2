"""Load a matcher: what a finished training set and the settings of a run need, once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from gmv_core.errors import ModelError, WorkspaceError
from gmv_core.matching.matcher import Matcher
from gmv_core.matching.thumbnails import load_thumbnails
from gmv_core.method.realism import MIN_REFERENCE
from gmv_core.models.choice import reload_embedder, resolve_distance, resolve_quality
from gmv_core.models.embedders.lite0 import EMBEDDED_DISTANCES
from gmv_core.sets.index import load_index, load_reference
from gmv_core.settings import MatchSettings, ValueSettings
from gmv_core.store.manifests import IndexEntry, SetManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Distance, Embedder, Int64, QualityMetric


def load_matcher(
    training: ImageSet,
    manifest: SetManifest,
    *,
    settings: MatchSettings,
    value: ValueSettings,
    side_px: int,
    embedder: Embedder | None = None,
) -> Matcher:
    """Load what a finished training set and these settings need.

    manifest: the training set's. side_px: typical shorter side of the generated previews, which
        decides whether "auto" may take a metric for photographs.
    embedder: needed again where the set was built with one given from Python.
    """
    network = reload_embedder(manifest.embedder.key, manifest.embedder.precision, embedder)
    distance, why_distance = resolve_distance(settings.distance, has_features=network.has_features)
    quality, why_quality = resolve_quality(settings.quality, side_px)
    reference = None
    if quality == "realism":
        try:
            reference = load_reference(training, network.key)
        except ModelError:
            if settings.quality != "auto":
                raise
            quality = "none"
            why_quality = (
                f"Realism needs {MIN_REFERENCE} training images that differ; every quality is 1."
            )
    return Matcher(
        training=training,
        embedder=network,
        index=load_index(training, network.key, _index_of(manifest)),
        distance_key=distance,
        distance=None if distance in EMBEDDED_DISTANCES else _distance(distance),
        quality_key=quality,
        metric=None if quality in ("realism", "none") else _metric(quality),
        reference=reference,
        settings=settings,
        exact_depth=max(2 * value.k, 20),
        reasons={"distance": why_distance, "quality": why_quality},
        thumbnails=load_thumbnails(training),
    )


def by_clusters(matcher: Matcher, clusters: Int64) -> Matcher:
    """Return a matcher to which near copies count as one: as candidates, and for realism.

    clusters: (n,) the first row of each training image's cluster.
    """
    reference = matcher.reference
    if reference is not None:
        # With fewer than MIN_REFERENCE clusters, all images stay in it.
        with suppress(ModelError):
            reference = load_reference(matcher.training, matcher.embedder.key, clusters)
    return replace(matcher, clusters=clusters, reference=reference)


def _index_of(manifest: SetManifest) -> IndexEntry:
    if manifest.index is None:
        raise WorkspaceError(
            f"The set {manifest.name!r} is unfinished; run its build again to finish it."
        )
    return manifest.index


def _distance(key: str) -> Distance:
    from gmv_core.models.distances.table import load_distance

    return load_distance(key)


def _metric(key: str) -> QualityMetric:
    from gmv_core.models.quality.pyiqa_metrics import load_metric

    return load_metric(key)
