"""The null of a training set: real images that go through the matching of the generated ones.

Images that the user held out are the best: nobody trained on them, so those of which the very file
is in the training set are left out. Without, a sample of training
images is left out one by one. Near copies of an image (trust/near_copies.py) are dropped from its
list in both cases, for what has a copy in the set is not unseen. A null is kept with the set, under
a digest of all it depends on; a block of rows that is appended is done for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from hashlib import sha256

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.matching.closest import CLOSEST
from gmv_core.matching.matcher import Matcher, Matches
from gmv_core.matching.thumbnails import padded
from gmv_core.method.clusters import VectorsOf, by_first, first_of, repeats
from gmv_core.method.recall import Neighbours
from gmv_core.store.columns import (
    fixed,
    kept_rows,
    matrix,
    previews_of,
    spread_rows,
    vectors_of,
)
from gmv_core.store.manifests import Matching, NullEntry
from gmv_core.store.tables.damage import drop_damaged
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.near_copies import Judge, Pairs, confirmed, judge_of
from gmv_core.trust.standing import HELD_OUT, LEFT_OUT, NEIGHBOURS, Nearest, Null
from gmv_core.types import OK, Float32, Int64, Progress, Report, UInt8, silent

Share = Callable[[Iterator[tuple[int, Int64]]], Iterator[pa.Table]]
IMAGES = 1000  # left out one by one; a held-out set is taken whole, up to MOST
BY_NETWORK = 500  # where each candidate has to pass a network of its own: minutes
MOST = 10_000
BLOCK = 512  # images matched at once and committed together
LISTS = tuple(field.name for field in fields(Nearest))
SPARE = 100  # more candidates are recalled, in place of the near copies that are left out


def null_of(
    matcher: Matcher,
    matching: Matching,
    *,
    held_out: ImageSet | None = None,
    report: Report = silent,
    share: Share | None = None,
) -> NullEntry:
    """Measure the null of the matcher's training set, or go on with it, and say which it is.

    matching: what the run's matches are made from. held_out: a finished set that was embedded as
    the training set was; None: training images are left out one by one. share: what makes the rows
    of blocks in this process's stead.
    """
    training, source = matcher.training, held_out or matcher.training
    from_rows = unseen_rows(held_out, training) if held_out else kept_rows(training)
    entry = _entry(matching, source, matcher, held_out, len(from_rows))
    table = null_table(training, entry.key)
    drop_damaged(table)
    # Evenly over the set, in an order in which every beginning is spread, too.
    rows = np.random.default_rng(0).permutation(spread_rows(from_rows, entry.images))
    done = len(table)
    blocks = ((at, rows[at : at + BLOCK]) for at in range(done, len(rows), BLOCK))
    if share is None and done < len(rows):
        share = partial(map, partial(null_rows, (matcher, judge_among(matcher, source))))
    for made in share(blocks) if share else ():
        table.append(made)
        done += len(made)
        report(Progress("null", done, len(rows)))
    table.tidy()
    return entry


def read_null(training: ImageSet, entry: NullEntry) -> Null:
    """Return a null that was measured; raise WorkspaceError where its table is gone."""
    stored = null_table(training, entry.key).read([], further=LISTS)
    none = np.empty((len(stored), 0), np.float32)  # an earlier version measured fewer
    lists = {name: matrix(stored[name]) if name in stored.column_names else none for name in LISTS}
    return Null(Nearest(**lists), entry.kind)


def null_table(training: ImageSet, key: str) -> Table:
    return training.table(f"null-{key}")


def unseen_rows(held_out: ImageSet, training: ImageSet) -> Int64:
    """Return the rows of held-out images of which no file of the training set is a copy, rising."""
    own, known = (images.images.read(["status", "sha256"]) for images in (held_out, training))
    trained = known.filter(pc.equal(known["status"], OK))["sha256"]
    unseen = pc.and_not(pc.equal(own["status"], OK), pc.is_in(own["sha256"], value_set=trained))
    rows: Int64 = np.flatnonzero(unseen.to_numpy())
    return rows


def _entry(
    matching: Matching, source: ImageSet, matcher: Matcher, held_out: ImageSet | None, there: int
) -> NullEntry:
    """Name a null by all it depends on: both sets, how they are matched, how many images.

    there: images that can be taken.
    """
    most = MOST if held_out else IMAGES if matcher.distance is None else BY_NETWORK
    images = min(there, most)
    kind = HELD_OUT if held_out else LEFT_OUT
    inputs: Mapping[str, object] = {
        **msgspec.to_builtins(matching),
        "generated": "",
        "source": source.digest if held_out else "",
        "images": images,
        "neighbours": NEIGHBOURS,
    }
    key = sha256(msgspec.json.encode(inputs, order="deterministic")).hexdigest()[:16]
    return NullEntry(key, kind, images, source.name if held_out else "")


def judge_among(matcher: Matcher, source: ImageSet) -> Judge:
    """Return what tells near copies between a source of the null and the training set."""
    return judge_of(matcher.training, matcher.embedder, matcher.index, among=source)


def null_rows(held: tuple[Matcher, Judge], block: tuple[int, Int64]) -> pa.Table:
    """Return the null's rows of some images of the set `judge.among`, without their near copies.

    block: the place of the first of them in the null, and their rows in that set.
    """
    (matcher, judge), (start, rows) = held, block
    source = judge.among
    previews = previews_of(source, rows)
    vectors = vectors_of(source.embeddings(matcher.embedder.key), rows)
    features = matcher.embed(previews)[1] if matcher.distance_key == "features" else None
    r = min(matcher.settings.candidates, len(matcher.index))
    found = matcher.index.search(vectors, min(r + SPARE, len(matcher.index)))
    gone = _gone(found.ids, found.distances, rows, judge, matcher.clusters)
    found = _left(found, gone, r, vectors, matcher.clusters, matcher.vectors_of)
    matches = matcher.rerank(found, features, previews)
    matches = _with_nearest_in_pixels(matches, matcher, judge, rows, vectors, previews)
    nearest = nearest_of(matches)
    places = np.arange(start, start + len(rows))
    lists = {name: getattr(nearest, name) for name in LISTS}
    there = {name: fixed(some) for name, some in lists.items() if some.shape[1]}
    return pa.table({"place": places, "row": rows, **there})


def _with_nearest_in_pixels(
    matches: Matches,
    matcher: Matcher,
    judge: Judge,
    rows: Int64,
    vectors: Float32,
    previews: Sequence[UInt8],
) -> Matches:
    """Return matches of null images with the nearest in pixels, without their near copies."""
    thumbnails = matcher.thumbnails
    if thumbnails is None:
        return matches
    queries = thumbnails.of_previews(previews)
    found = thumbnails.search(queries, CLOSEST + SPARE)
    apart = np.full(found.ids.shape, np.inf, np.float32)  # between embeddings
    j, i = np.nonzero(found.ids[:, :NEIGHBOURS] >= 0)
    few, at = np.unique(found.ids[j, i], return_inverse=True)
    apart[j, i] = np.linalg.norm(matcher.vectors_of(few)[at] - vectors[j], axis=1)
    gone = _gone(found.ids, apart, rows, judge, matcher.clusters)
    found = _left(found, gone, CLOSEST, queries, matcher.clusters, thumbnails.of_rows)
    return matcher.with_nearest_in_pixels(matches, previews, padded(found.ids))


def _gone(
    ids: Int64, apart: Float32, rows: Int64, judge: Judge, clusters: Int64 | None
) -> np.ndarray:
    """Return which neighbours of images are themselves or near copies of them, (m, R) bool.

    ids: (m, R), −1 for none. apart: (m, R) distances between embeddings. Only the first NEIGHBOURS
    of each are looked at: farther ones are no copies. clusters: where given, all of a cluster goes
    with any of its members, for its first one stands for them.
    """
    own: np.ndarray = (ids == rows[:, None]) & (judge.among == judge.images)
    near = (ids >= 0) & ~own
    near[:, NEIGHBOURS:] = False
    j, i = np.nonzero(near)
    copies = confirmed(Pairs(rows[j], ids[j, i], apart[j, i]), judge)
    at = dict(zip(rows.tolist(), range(len(rows)), strict=True))
    gone: np.ndarray = own.copy()
    for row, copy in zip(copies.a.tolist(), copies.b.tolist(), strict=True):
        gone[at[row]] |= ids[at[row]] == copy
    if clusters is not None:
        of = np.where(ids >= 0, clusters[ids], -1)
        own_cluster = clusters[rows] if judge.among == judge.images else np.full(len(rows), -2)
        for one in np.flatnonzero(gone.any(axis=1) | (own_cluster >= 0)):
            gone[one] |= np.isin(of[one], np.append(of[one][gone[one]], own_cluster[one]))
    return gone


def _left(
    found: Neighbours,
    gone: np.ndarray,
    k: int,
    queries: Float32,
    clusters: Int64 | None,
    vectors_of: VectorsOf,
) -> Neighbours:
    """Return the first k neighbours that are left, one of each cluster."""
    found = first_of(found, (found.ids >= 0) & ~gone, found.ids.shape[1])
    if clusters is None:
        return first_of(found, found.ids >= 0, k)
    kept = (found.ids >= 0) & ~repeats(found.ids, clusters)
    return by_first(first_of(found, kept, k), queries, clusters, vectors_of)


def nearest_of(matches: Matches) -> Nearest:
    """Return the first NEIGHBOURS distances of each image, (m, NEIGHBOURS) each.

    The run's own: those that are exact. A shorter list, or one that ends in estimates, ends in inf.
    Without those that are near copies of one before them.
    """
    distance, embedding = matches.distance[:, : matches.exact], matches.recall_distance
    none = np.empty((len(distance), 0), np.float32)
    again = np.zeros(embedding.shape, bool)
    if matches.pixels is not None:
        again[:, : matches.pixels.shape[1]] = np.isnan(matches.pixels)
    both = (_rising(np.where(again[:, : x.shape[1]], np.inf, x)) for x in (distance, embedding))
    of_pixels = (none if x is None or not x.shape[1] else _rising(np.where(np.isnan(x), np.inf, x))
                 for x in (matches.in_pixels, matches.pixels))  # fmt: skip
    return Nearest(*both, *of_pixels)


def first_rows(matches: Matches) -> Int64:
    """Return the training row that is first in each list of `nearest_of`, (m, 4), −1 for none."""
    nothing = np.full(len(matches.candidates), -1)
    embedding = np.where(matches.candidates >= 0, matches.recall_distance, np.inf)
    in_pixels = matches.nearest_in_pixels
    lists = [
        matches.candidates[:, 0],
        _at(matches.candidates, embedding.argmin(axis=1)),
        nothing if in_pixels is None or not in_pixels.shape[1] else in_pixels[:, 0],
        nothing,
    ]
    if matches.pixels is not None and matches.pixels.shape[1]:
        first = np.nan_to_num(matches.pixels, nan=np.inf).argmin(axis=1)
        lists[3] = _at(matches.candidates, first)
    return np.stack(lists, axis=1)


def _at(rows: Int64, places: Int64) -> Int64:
    found: Int64 = np.take_along_axis(rows, places[:, None], axis=1)[:, 0]
    return found


def _rising(distances: Float32) -> Float32:
    """Return the first NEIGHBOURS of each row, rising, (m, NEIGHBOURS), inf for none."""
    first = np.full((len(distances), NEIGHBOURS), np.inf, np.float32)
    rising = np.sort(distances, axis=1)[:, :NEIGHBOURS]
    first[:, : rising.shape[1]] = rising
    return first
