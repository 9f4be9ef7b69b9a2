"""Candidate lists of everything that the calibration is measured on, matched once and kept.

The pool plays the unseen images: whatever of it a draw holds out is dropped from every list, as if
it had never been in the set. Besides: training images left out one by one, planted copies of
training images that no draw holds out, and images of the other data set.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.kit.datasets import BuiltSet, cifar_set, fashion_set
from benchmarks.trust.planted import COPIES
from gmv_core import Workspace
from gmv_core.matching.closest import SmallPixels, nearest_in_pixels
from gmv_core.matching.loading import load_matcher
from gmv_core.matching.matcher import Matcher
from gmv_core.matching.thumbnails import STORED_PX
from gmv_core.method.recall import Neighbours, exact_search
from gmv_core.sets.pixels import ensure_pixels, pixel_form
from gmv_core.settings import MatchSettings, ValueSettings
from gmv_core.trust.near_copies import Judge, Pairs, confirmed, judge_of
from gmv_core.types import Float32, Int64, UInt8

DEPTH = 26  # exact distances: 20, and those that a draw may drop
OWN = 14  # nearest of a training image that are known; a draw drops some
TOGETHER = 2200  # queries in one pass over the candidates: 440 MB of features


@dataclass(frozen=True)
class Sizes:
    training: int | None
    pool: int
    left_out: int
    planted: int  # of each kind
    foreign: int


FULL = Sizes(None, 2500, 1000, 100, 150)
QUICK = Sizes(600, 120, 60, 12, 12)


@dataclass(frozen=True)
class Lists:
    """The lists of m images in three orders. rows: their own rows, −1 for none.

    candidates, distance, copies: (m, D) by the run's distance; copies: which are near copies.
    pixels: (m, D) between pixels of the first of these, see gmv_core/matching/closest.py.
    near, embedding, near_copies: the same by the distance between embeddings; alike, in_pixels,
    alike_copies: by pixels, of the nearest of all.
    """

    rows: Int64
    candidates: Int64
    distance: Float32
    copies: np.ndarray
    pixels: Float32
    near: Int64
    embedding: Float32
    near_copies: np.ndarray
    alike: Int64
    in_pixels: Float32
    alike_copies: np.ndarray

    def without(self, rows: Int64, *, copies: bool = False) -> Lists:
        """Drop training rows, and their near copies where asked; the others move up."""
        first = np.isin(self.candidates, rows) | (self.copies & copies)
        second = np.isin(self.near, rows) | (self.near_copies & copies)
        third = np.isin(self.alike, rows) | (self.alike_copies & copies)
        return Lists(
            self.rows,
            *_moved(first, (self.candidates, -1), (self.distance, np.inf), (self.copies, False),
                    (self.pixels, np.inf)),
            *_moved(second, (self.near, -1), (self.embedding, np.inf), (self.near_copies, False)),
            *_moved(third, (self.alike, -1), (self.in_pixels, np.inf), (self.alike_copies, False)),
        )  # fmt: skip

    def take(self, at: np.ndarray) -> Lists:
        return Lists(*(getattr(self, f)[at] for f in self.__dataclass_fields__))


def _moved(gone: np.ndarray, *columns: tuple[np.ndarray, float]) -> list[np.ndarray]:
    order = np.argsort(gone, axis=1, kind="stable")
    end = np.take_along_axis(gone, order, 1)
    return [np.where(end, np.array(none, values.dtype), np.take_along_axis(values, order, 1))
            for values, none in columns]  # fmt: skip


def joined(parts: Sequence[Lists]) -> Lists:
    return Lists(*(np.concatenate([getattr(p, f) for p in parts])
                   for f in Lists.__dataclass_fields__))  # fmt: skip


def lists_of(data: str, options: argparse.Namespace, workspace: Workspace) -> dict[str, Lists]:
    """Return the lists by their part: "pool", "left out", each kind of copy, "foreign"."""
    sizes = QUICK if options.quick else FULL
    kept = workspace.root / f"trust-lists-{data}-{options.seed}-{sizes.pool}-in-pixels.npz"
    if not kept.exists():
        np.savez(kept, **_stored(_made(data, options, workspace, sizes)))
    return _read(kept)


def _stored(parts: dict[str, Lists]) -> dict[str, np.ndarray]:
    return {f"{name}|{field}": getattr(part, field)
            for name, part in parts.items() for field in part.__dataclass_fields__}  # fmt: skip


def _read(path: Path) -> dict[str, Lists]:
    with np.load(path, allow_pickle=False) as stored:
        names = list(dict.fromkeys(key.split("|")[0] for key in stored.files))
        return {name: Lists(*(stored[f"{name}|{field}"] for field in Lists.__dataclass_fields__))
                for name in names}  # fmt: skip


def _made(
    data: str, options: argparse.Namespace, workspace: Workspace, sizes: Sizes
) -> dict[str, Lists]:
    own, other = sets_of(data, options, workspace)
    rows, previews = _drawn(own, other, sizes, options.seed)
    every = [pixels for part in previews.values() for pixels in part]
    found = _matched(own, every, np.concatenate(list(rows.values())))
    ends = np.cumsum([len(part) for part in rows.values()])[:-1]
    parts = np.split(np.arange(len(every)), ends)
    return {name: found.take(at) for name, at in zip(rows, parts, strict=True)}


def _drawn(
    own: BuiltSet, other: BuiltSet, sizes: Sizes, seed: int
) -> tuple[dict[str, Int64], dict[str, list[UInt8]]]:
    """Return the rows and the pixels of each part."""
    rng = np.random.default_rng(seed)
    count = (sizes.pool, sizes.left_out, sizes.planted)
    drawn = rng.permutation(own.stored[0])[: sum(count)]
    pool, left_out, originals = np.split(drawn, np.cumsum(count)[:2])
    rows = {"pool": pool, "left out": left_out}
    previews = {name: own.previews(some) for name, some in rows.items()}
    for name, copy in COPIES.items():
        previews[name] = [copy(pixels, rng) for pixels in own.previews(originals)]
        rows[name] = np.full(len(originals), -1)
    foreign = rng.permutation(other.stored[0])[: sizes.foreign]
    previews["foreign"], rows["foreign"] = other.previews(foreign), np.full(len(foreign), -1)
    return rows, previews


def sets_of(
    data: str, options: argparse.Namespace, workspace: Workspace
) -> tuple[BuiltSet, BuiltSet]:
    """Return the set itself and the other one, which foreign images are taken from."""
    sizes = QUICK if options.quick else FULL
    of = {"cifar10": (cifar_set, 50_000), "fashion": (fashion_set, 60_000)}
    made = {name: make(options, workspace, sizes.training or count)
            for name, (make, count) in of.items()}  # fmt: skip
    (other,) = (built for name, built in made.items() if name != data)
    return made[data], other


def _matched(own: BuiltSet, previews: Sequence[UInt8], rows: Int64) -> Lists:
    ensure_pixels(own.training, pixel_form(own.training, STORED_PX))
    matcher = load_matcher(
        own.training, own.training.manifest(),
        settings=MatchSettings(distance="features", quality="none"), value=ValueSettings(),
        side_px=32,
    )  # fmt: skip
    matcher = replace(matcher, exact_depth=DEPTH)
    judge = judge_of(matcher.training, matcher.embedder, matcher.index)
    parts = []
    for start in range(0, len(previews), TOGETHER):
        part = slice(start, start + TOGETHER)
        parts.append(_block(matcher, judge, previews[part], rows[part]))
        print(f"matched {start + len(rows[part]):,} of {len(rows):,}", file=sys.stderr)
    return joined(parts)


def _block(matcher: Matcher, judge: Judge, previews: Sequence[UInt8], rows: Int64) -> Lists:
    vectors, features = matcher.embed(previews)
    found = matcher.index.search(vectors, 101)
    order = np.argsort(found.ids == rows[:, None], axis=1, kind="stable")[:, :100]
    found = Neighbours(*(np.take_along_axis(a, order, 1) for a in (found.ids, found.distances)))
    matches = matcher.rerank(found, features, previews)
    candidates = matches.candidates[:, :DEPTH]
    pixels = np.full(candidates.shape, np.inf, np.float32)
    if matches.pixels is not None:
        pixels[:, : matches.pixels.shape[1]] = matches.pixels
    near, embedding = found.ids[:, :DEPTH], found.distances[:, :DEPTH]
    known = _pairs(judge, rows, near, embedding)
    copies, near_copies = (np.isin(_numbers(judge, rows, x), known) for x in (candidates, near))
    return Lists(rows, candidates, matches.distance[:, :DEPTH], copies, pixels, near, embedding,
                 near_copies, *in_pixels(matcher, judge, previews, rows, vectors))  # fmt: skip


def in_pixels(
    matcher: Matcher, judge: Judge, previews: Sequence[UInt8], rows: Int64, vectors: Float32
) -> tuple[Int64, Float32, np.ndarray]:
    """Return the rows that are nearest in pixels, how far they are, and which are near copies."""
    thumbnails = matcher.thumbnails
    if thumbnails is None:
        raise ValueError(f"{matcher.training.name} keeps no small pixels")
    found = thumbnails.search(thumbnails.of_previews(previews), DEPTH + 1).ids
    order = np.argsort(found == rows[:, None], axis=1, kind="stable")[:, :DEPTH]
    small = SmallPixels(matcher.training, thumbnails.form)
    alike, apart = nearest_in_pixels(previews, np.take_along_axis(found, order, 1), small)
    embedding = np.linalg.norm(matcher.vectors_of(alike.ravel()).reshape(*alike.shape, -1)
                               - vectors[:, None], axis=2)  # fmt: skip
    known = _pairs(judge, rows, alike, embedding.astype(np.float32))
    return alike, apart, np.isin(_numbers(judge, rows, alike), known)


def _pairs(judge: Judge, rows: Int64, others: Int64, apart: Float32) -> Int64:
    """Return the numbers of those pairs of images that are near copies. apart: embeddings."""
    j, i = np.nonzero((rows >= 0)[:, None] & (others >= 0))
    pairs = confirmed(Pairs(rows[j], others[j, i], apart[j, i]), judge)
    return pairs.a * len(judge.images.images) + pairs.b


def _numbers(judge: Judge, rows: Int64, others: Int64) -> Int64:
    return rows[:, None] * len(judge.images.images) + others


@dataclass(frozen=True)
class OwnNearest:
    """The nearest training images of some. rows: (u,) rising. ids, distance: (u, OWN)."""

    rows: Int64
    ids: Int64
    distance: Float32

    def without(self, asked: Int64, gone: Int64, for_rows: Int64) -> Float32:
        """Return how far rows are from their nearest, (m,), without some, as if never in the set.

        asked: (m,) rows. gone: dropped for all. for_rows: (m,) dropped for each, −1 for none.
        """
        at = np.searchsorted(self.rows, asked)
        ids = self.ids[at]
        left = (ids != asked[:, None]) & (ids != for_rows[:, None]) & ~np.isin(ids, gone)
        nearest: Float32 = np.where(left, self.distance[at], np.inf).min(axis=1)
        return nearest


def own_nearest(own: BuiltSet, parts: Mapping[str, Lists]) -> OwnNearest:
    """Search the nearest of every training image that can be the first of a list."""
    ids, vectors = own.stored
    rows = np.unique(np.concatenate([part.near.ravel() for part in parts.values()]))
    rows = rows[rows >= 0]
    found = exact_search(vectors[np.searchsorted(ids, rows)], [(ids, vectors)], k=OWN)
    return OwnNearest(rows, found.ids, found.distances)
