"""Match generated images against a finished training set: recall, re-rank and quality in one place.

A `Matcher` holds what has to be loaded once (network, index, reference); it serves a whole run and
a single dropped image alike, and never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gmv_core.errors import ModelError
from gmv_core.matching.closest import CLOSEST, SmallPixels, nearest_in_pixels, pixel_distances
from gmv_core.matching.thumbnails import Thumbnails
from gmv_core.method.clusters import nearest_clusters
from gmv_core.method.realism import Reference, realism, realism_quality
from gmv_core.method.recall import Index, Neighbours
from gmv_core.method.rerank import pair_distances, sort_by_distance
from gmv_core.method.sketch import sketch, sketch_step
from gmv_core.models.embedders.embedder import stack
from gmv_core.settings import MatchSettings
from gmv_core.store.columns import matrix, previews_of, vectors_of
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Distance, Embedder, Float32, Float64, Int64, QualityMetric, UInt8

NETWORK_BATCH = 64  # and the tile of re-ranking, so that no batch is copied to join another


@dataclass(frozen=True)
class Matches:
    """Candidates of m generated images in order of distance, each array (m, R).

    candidates: training rows, −1 for none. recall_rank: place before re-ranking, from 1.
    recall_distance: between embeddings. distance: perceptual. Both inf for none.
    exact: the first so many distances of a row are exact, those behind are estimates.
    pixels: (m, P) between the pixels of the first P, see matching/closest.py; None where they are
        not known: of parts of lists, or by an earlier version.
    nearest_in_pixels: (m, CLOSEST) training rows whose pixels are the nearest of all, −1 for none;
        in_pixels: their distances, as those of `pixels`. None as there.
    stand_ins: (m, R) bool, near copies of what is left out, at its distances; None: there are none.
    """

    candidates: Int64
    recall_rank: Int64
    recall_distance: Float32
    distance: Float32
    exact: int
    pixels: Float32 | None = None
    nearest_in_pixels: Int64 | None = None
    in_pixels: Float32 | None = None
    stand_ins: np.ndarray | None = None


@dataclass(frozen=True)
class Matcher:
    """Everything loaded that turns generated images into candidates and quality.

    thumbnails: None where the set keeps no small pixels; the nearest in pixels are then unknown.
    """

    training: ImageSet
    embedder: Embedder
    index: Index
    distance_key: str
    distance: Distance | None
    quality_key: str
    metric: QualityMetric | None
    reference: Reference | None
    settings: MatchSettings
    exact_depth: int
    reasons: dict[str, str]
    clusters: Int64 | None = None  # (n,): candidates are then the first of each, see `by_clusters`
    thumbnails: Thumbnails | None = None

    def embed(self, images: Sequence[UInt8]) -> tuple[Float32, Float32 | None]:
        """Return the vectors and, where the embedder has them, the features of previews."""
        return embed_previews(self.embedder, images)

    def match(
        self, vectors: Float32, features: Float32 | None, previews: Sequence[UInt8]
    ) -> Matches:
        """Return the candidates of m generated images, re-ranked.

        vectors: (m, dim) unit rows. features: (m, D), needed by the distance "features" only.
        previews: m images (h, w, 3).
        """
        most = len(self.index)
        r = min(self.settings.candidates, most)
        if self.clusters is None:
            found = self.index.search(vectors, r)
        else:
            found = nearest_clusters(
                self.index.search, vectors, self.clusters, self.vectors_of, k=r, n=most
            )
        matches = self.rerank(found, features, previews)
        if self.thumbnails is None:
            return matches
        near = self.thumbnails.nearest(previews, self.clusters)
        return self.with_nearest_in_pixels(matches, previews, near)

    def near(self, matches: Matches, vectors: Callable[[], Float32]) -> Neighbours:
        """Return the images nearest to m images by embedding, later members of clusters among them.

        matches: what `match` found for these vectors, which is the answer without clusters.
        """
        if self.clusters is None:
            return Neighbours(matches.candidates, matches.recall_distance)
        k = max(CLOSEST, self.settings.candidates)
        return self.index.search(vectors(), min(k, len(self.index)))

    def vectors_of(self, rows: Int64) -> Float32:
        """Return the stored vectors of training rows, (c, dim)."""
        return vectors_of(self.training.embeddings(self.embedder.key), rows)

    def rerank(
        self, found: Neighbours, features: Float32 | None, previews: Sequence[UInt8]
    ) -> Matches:
        """Return candidates that were recalled in order of the distance; see `match`."""
        small = self._small()
        matches = self._ordered(found, features, previews, small)
        return replace(matches, pixels=pixel_distances(previews, matches.candidates, small))

    def with_nearest_in_pixels(
        self, matches: Matches, previews: Sequence[UInt8], found: Int64
    ) -> Matches:
        """Return matches with the training images that are nearest to m images in pixels.

        found: (m, CLOSEST) training rows whose thumbnails are.
        """
        rows, apart = nearest_in_pixels(previews, found, self._small())
        return replace(matches, nearest_in_pixels=rows, in_pixels=apart)

    def _small(self) -> SmallPixels:
        return SmallPixels(self.training, self.thumbnails.form if self.thumbnails else None)

    def _ordered(
        self,
        found: Neighbours,
        features: Float32 | None,
        previews: Sequence[UInt8],
        small: SmallPixels,
    ) -> Matches:
        """Order candidates by the distance. small: keeps the pixels of what is decoded for it."""
        m, r = found.ids.shape
        if self.distance_key == "none":
            ranks = np.tile(np.arange(1, r + 1), (m, 1))
            return Matches(found.ids, ranks, found.distances, found.distances, r)
        if self.distance is None:
            if features is None:
                raise ModelError(
                    f'The embedder {self.embedder.key!r} has no feature maps for "features".'
                )
            candidates, distances, order, depth = self._by_features(found.ids, features, small)
        else:
            own = _batched(self.distance, previews)
            distances = pair_distances(
                own,
                found.ids,
                self._network_vectors,
                squared=self.distance.squared,
                tile=NETWORK_BATCH,
            )
            candidates, distances, order = sort_by_distance(found.ids, distances)
            depth = r
        recalled = np.take_along_axis(found.distances, order, 1)
        return Matches(candidates, order + 1, recalled, distances, depth)

    def _by_features(
        self, candidates: Int64, features: Float32, small: SmallPixels
    ) -> tuple[Int64, Float32, Int64, int]:
        """Order by the stored sketches; then the nearest again by the network itself."""
        norm = self.embedder.features_norm_squared
        if norm is None:
            raise ModelError(f"The embedder {self.embedder.key!r} gives no features.")
        own = sketch(features, norm_squared=norm).astype(np.float32)
        own *= np.float32(sketch_step(norm))
        stored = self.training.embeddings(self.embedder.key)
        estimates = pair_distances(
            own,
            candidates,
            lambda rows: sketches_of(stored, rows, norm_squared=norm),
            squared=True,
        )
        candidates, distances, first = sort_by_distance(candidates, estimates)
        depth = min(self.exact_depth, candidates.shape[1])
        distances[:, :depth] = pair_distances(
            features,
            candidates[:, :depth],
            partial(self._feature_vectors, small),
            squared=True,
            tile=NETWORK_BATCH,
        )
        candidates, distances, second = sort_by_distance(candidates, distances, exact=depth)
        return candidates, distances, np.take_along_axis(first, second, 1), depth

    def _feature_vectors(self, small: SmallPixels, rows: Int64) -> Float32:
        previews = previews_of(self.training, rows)
        small.keep(rows, previews)
        features = self.embed(previews)[1]
        if features is None:
            raise ModelError(f"The embedder {self.embedder.key!r} gives no features.")
        return features

    def _network_vectors(self, rows: Int64) -> Float32:
        if self.distance is None:
            raise ModelError(f"The distance {self.distance_key!r} has no network.")
        return _batched(self.distance, previews_of(self.training, rows))

    def quality(self, vectors: Float32, previews: Sequence[UInt8], rows: Int64) -> Float64:
        """Return q of m generated images, (m,) in [0, 1], nan where the metric cannot judge one.

        rows: fix each image's random crops.
        """
        if self.reference is not None:
            return realism_quality(realism(vectors, self.reference), self.reference)
        if self.metric is None:
            return np.ones(len(vectors))
        seeds = [self.settings.seed + int(row) for row in rows]
        judged = np.full(len(previews), np.nan)
        problem: ModelError | None = None
        for i, (image, seed) in enumerate(zip(previews, seeds, strict=True)):
            try:
                judged[i] = self.metric(image, seed=seed)
            except ModelError as error:  # one image that a metric cannot judge costs one row
                problem = error
        if problem is not None and np.isnan(judged).all():
            raise problem
        return judged


def embed_previews(embedder: Embedder, images: Sequence[UInt8]) -> tuple[Float32, Float32 | None]:
    """Return vectors (n, dim) and features (n, D) or None of n images (h, w, 3) of any size."""
    vectors, features = [], []
    for start in range(0, len(images), NETWORK_BATCH):
        batch = list(images[start : start + NETWORK_BATCH])
        v, f = embedder(stack(batch, embedder.side_px, crop=embedder.crop))
        vectors.append(v)
        if f is not None:
            features.append(f)
    return _joined(vectors), _joined(features) if features else None


def _batched(distance: Distance, images: Sequence[UInt8]) -> Float32:
    parts = [
        distance(stack(list(images[start : start + NETWORK_BATCH]), distance.side_px))
        for start in range(0, len(images), NETWORK_BATCH)
    ]
    return _joined(parts)


def _joined(parts: list[Float32]) -> Float32:
    """Return the rows of all parts; of a single one without copying it."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def sketches_of(embeddings: Table, rows: Int64, *, norm_squared: float) -> Float32:
    """Return the stored sketches of rows as float32 vectors, (c, 4096)."""
    stored = matrix(embeddings.take(rows, ["features"])["features"])
    return stored.astype(np.float32) * np.float32(sketch_step(norm_squared))
