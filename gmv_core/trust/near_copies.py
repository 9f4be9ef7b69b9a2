"""Are two images near copies? Decided pair by pair, from what is stored and the network.

A pair are near copies where all agree: the embeddings, the pixels at a small side (1 − r, with r
their correlation, which light and contrast leave alone, and their difference), and the exact
feature distance of the embedder's network, where it has features. The limits were measured
(benchmarks/trust/duplicates.py): re-encoded, resized, lightened and darkened copies pass; mirrored
ones and most that were cropped or moved do not. In a set whose images are all alike, such as
garments on black, 1 − r of strangers is small, too; so its limit is a share of what is usual there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gmv_core.matching.matcher import embed_previews
from gmv_core.method.recall import Index
from gmv_core.sets.pixels import PixelForm, small_pixels
from gmv_core.store.columns import previews_of, sample_rows, vectors_of
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Embedder, Float32, Float64, Int64, UInt8

EMBEDDING = 0.7  # farther embeddings are not looked at
PIXELS, OF_USUAL = 0.04, 0.06  # 1 − r, at most: this, and this share of the usual
LEAST = 0.001  # below it, two images are copies in any set
LIGHT = 40 / 255  # the root of the mean squared difference
FEATURES = 2.6
SIDE_PX = 16
USUAL = 200  # images whose nearest one tells what is usual
PAIRS = 4096  # confirmed at once, which bounds the memory
FEATURE_PAIRS = 128  # a feature vector has tens of thousands of numbers

Small = Callable[[Int64], Float32]  # rows (c,) → pixels (c, d) in 0…1


@dataclass(frozen=True)
class Pairs:
    """Pairs that may be copies. a, b: (c,) rows. distance: (c,) between their embeddings."""

    a: Int64
    b: Int64
    distance: Float32

    def __len__(self) -> int:
        return len(self.a)

    def where(self, kept: np.ndarray | slice) -> Pairs:
        return Pairs(self.a[kept], self.b[kept], self.distance[kept])


@dataclass(frozen=True)
class Judge:
    """What it takes to judge pairs (a, b): b is a row of `images`, a one of `among`.

    small: gives the small pixels of rows of `images` where they are kept; else previews are read.
    limit: of 1 − r in this set.
    """

    images: ImageSet
    among: ImageSet
    embedder: Embedder
    small: Small
    limit: float

    def small_among(self, rows: Int64) -> Float32:
        return self.small(rows) if self.among == self.images else _from_previews(self.among)(rows)


def judge_of(
    images: ImageSet,
    embedder: Embedder,
    index: Index,
    *,
    among: ImageSet | None = None,
    small: Small | None = None,
) -> Judge:
    """Measure what is usual in a set, and return its judge.

    among: the set of the first image of each pair, embedded alike; without, `images` itself.
    """
    small = small or _from_previews(images)
    among = among or images
    rows = sample_rows(images, USUAL)
    vectors = vectors_of(images.embeddings(embedder.key), rows)
    found = index.search(vectors, min(2, len(index))).ids
    nearest = np.where(found[:, 0] == rows, found[:, -1], found[:, 0])
    there = (nearest >= 0) & (nearest != rows)
    if not there.any():
        return Judge(images, among, embedder, small, PIXELS)
    usual = decorrelation(_rows_of(rows[there], small), _rows_of(nearest[there], small))
    strangers = usual[usual > LEAST]
    limit = PIXELS
    if len(strangers):
        limit = float(np.clip(OF_USUAL * np.median(strangers), LEAST, PIXELS))
    return Judge(images, among, embedder, small, limit)


def confirmed(pairs: Pairs, judge: Judge) -> Pairs:
    """Return those pairs that are near copies."""
    return of_like_features(of_like_pixels(pairs, judge), judge)


def of_like_pixels(pairs: Pairs, judge: Judge) -> Pairs:
    """Return those pairs whose embeddings and small pixels are those of near copies."""
    pairs = pairs.where(pairs.distance <= EMBEDDING)
    kept = np.empty(len(pairs), bool)
    for part in _parts(len(pairs), PAIRS):
        x, y = _rows_of(pairs.a[part], judge.small_among), _rows_of(pairs.b[part], judge.small)
        kept[part] = _alike(x, y, judge)
    return pairs.where(kept)


def of_like_features(pairs: Pairs, judge: Judge) -> Pairs:
    """Return those pairs whose features, where the embedder has any, are those of near copies."""
    if judge.embedder.features_norm_squared is None:
        return pairs
    kept = np.empty(len(pairs), bool)
    for part in _parts(len(pairs), FEATURE_PAIRS):
        apart = _features(pairs.a[part], judge.among, judge)
        apart = apart - _features(pairs.b[part], judge.images, judge)
        kept[part] = _squared(apart) <= FEATURES
    return pairs.where(kept)


def _parts(count: int, size: int) -> list[slice]:
    return [slice(first, first + size) for first in range(0, count, size)]


def each_once(pairs: Pairs, rows: int) -> Pairs:
    """Return pairs of one set, each once whichever of its images was asked for, in order.

    rows: of the set. The order lets copies of one image follow each other.
    """
    low, high = np.minimum(pairs.a, pairs.b), np.maximum(pairs.a, pairs.b)
    first = np.unique(low * rows + high, return_index=True)[1]
    return Pairs(low[first], high[first], pairs.distance[first])


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Return the pairs of all parts."""
    none = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
    every = [none, *parts]
    return Pairs(*(np.concatenate([getattr(p, c) for p in every]) for c in ("a", "b", "distance")))


def copies_of(pixels: UInt8, rows: Int64, distance: Float32, judge: Judge) -> Int64:
    """Return those rows of the judge's images that are near copies of an image of no set.

    pixels: (h, w, 3), decoded as the set's images were. rows, distance: (c,), between embeddings;
    `judge` is one without small pixels that are kept.
    """
    rows = rows[distance <= EMBEDDING]
    if not len(rows):
        return rows
    x = small_pixels(pixels, PixelForm(SIDE_PX, grey=False))[None] * np.float32(1 / 255)
    rows = rows[_alike(x, judge.small(rows), judge)]
    own = embed_previews(judge.embedder, [pixels])[1]
    if own is None or not len(rows):
        return rows
    return rows[_squared(own - _features(rows, judge.images, judge)) <= FEATURES]


def _alike(x: Float32, y: Float32, judge: Judge) -> np.ndarray:
    """Return which rows of two (c, d) blocks of small pixels may be copies; x may be one row."""
    x = np.broadcast_to(x, y.shape)
    light = np.sqrt(((x - y) ** 2).mean(axis=1))
    alike: np.ndarray = (decorrelation(x, y) <= judge.limit) & (light <= LIGHT)
    return alike


def _squared(apart: Float32) -> Float32:
    squared: Float32 = np.einsum("cd,cd->c", apart, apart)
    return squared


def _rows_of(rows: Int64, read: Callable[[Int64], Float32]) -> Float32:
    """Read each distinct row once and return them as they are asked for."""
    unique, at = np.unique(rows, return_inverse=True)
    found: Float32 = read(unique)[at]
    return found


def _from_previews(images: ImageSet) -> Small:
    form = PixelForm(SIDE_PX, grey=False)

    def small(rows: Int64) -> Float32:
        pixels = [small_pixels(preview, form) for preview in previews_of(images, rows)]
        return np.stack(pixels) * np.float32(1 / 255)

    return small


def _features(rows: Int64, images: ImageSet, judge: Judge) -> Float32:
    def read(unique: Int64) -> Float32:
        features = embed_previews(judge.embedder, previews_of(images, unique))[1]
        if features is None:
            raise ValueError(f"{judge.embedder.key} has a norm of features and gives none")
        return features

    return _rows_of(rows, read)


def decorrelation(a: Float32, b: Float32) -> Float64:
    """Return 1 − r of the rows of two (c, d) blocks, (c,), r their Pearson correlation.

    A row of one colour has no r: it is 0 from another such row and 1 from any other.
    """
    x, y = (side - side.mean(axis=1, keepdims=True, dtype=np.float64) for side in (a, b))
    lengths = [np.sqrt((side * side).sum(axis=1)) for side in (x, y)]
    flat = [length < 1e-6 for length in lengths]
    r = np.divide((x * y).sum(axis=1), lengths[0] * lengths[1], out=np.zeros(len(x)),
                  where=~(flat[0] | flat[1]))  # fmt: skip
    apart: Float64 = np.where(flat[0] & flat[1], 0.0, 1 - r)
    return apart
