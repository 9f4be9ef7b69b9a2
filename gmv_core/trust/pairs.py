"""The pairs of near copies in a set: each image's nearest ones by the index, confirmed.

Blocks of images are searched in this process, or shared among workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gmv_core.cluster.workers import Workers
from gmv_core.errors import WorkspaceError
from gmv_core.method.recall import Index
from gmv_core.models.choice import reload_embedder
from gmv_core.sets.index import load_index
from gmv_core.sets.making.spread import check_seen
from gmv_core.sets.pixels import PixelForm, pixels_of_rows
from gmv_core.store.columns import vectors_of
from gmv_core.store.manifests import SetManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.near_copies import (
    EMBEDDING,
    Judge,
    Pairs,
    Small,
    each_once,
    joined,
    judge_of,
    of_like_features,
    of_like_pixels,
)
from gmv_core.trust.outlines import Outlines, outlines
from gmv_core.types import Embedder, Int64, Progress, Report

NEAREST = 11  # of each image, itself among them; copies of copies are joined through each other
SEARCHED = 8192  # images whose pairs are looked for at once
CONFIRMED = 1024  # pairs held against the network at once
Held = tuple[Judge, Index, Outlines]
Work = Callable[[Held, Any], Pairs]
InOrder = Callable[[Work, Iterable[Any]], Iterator[Pairs]]


@dataclass(frozen=True)
class _Search:
    """What finding the pairs of a set takes, in any process. given: see `Recipe`."""

    images: ImageSet
    manifest: SetManifest
    form: PixelForm
    given: Embedder | None

    def loaded(self) -> Held:
        """Return what judges and finds pairs; raise ClusterError where the set is not seen."""
        images, built = self.images, self.manifest.embedder
        check_seen(images, self.manifest.created)
        if self.manifest.index is None:
            raise WorkspaceError(f"The set {images.name!r} is unfinished; run its build again.")
        embedder = reload_embedder(built.key, built.precision, self.given)
        index = load_index(images, embedder.key, self.manifest.index)
        small: Small = partial(pixels_of_rows, images, self.form)
        judge = judge_of(images, embedder, index, small=small)
        return judge, index, outlines(images, self.form)


def all_pairs(
    images: ImageSet,
    embedder: Embedder,
    form: PixelForm,
    report: Report,
    workers: Workers | None,
) -> Pairs:
    """Return all confirmed pairs among each image's nearest ones, each pair once.

    Memory: the pairs of like pixels, what `outlines` takes, and one block.
    """
    manifest, total = images.manifest(), len(images.images)
    given = embedder if workers is None or manifest.embedder.precision == "own" else None
    search = _Search(ImageSet(images.folder.absolute()), manifest, form, given)
    if workers is None:
        in_order: InOrder = partial(_one_by_one, search.loaded())
    else:
        in_order = partial(workers.in_order, search.loaded)
    blocks = (np.arange(at, min(at + SEARCHED, total)) for at in range(0, total, SEARCHED))
    parts = []
    for number, found in enumerate(in_order(_alike_among, blocks), start=1):
        parts.append(found)
        report(Progress("duplicates", min(number * SEARCHED, total), total))
    pairs = each_once(joined(parts), total)
    if embedder.features_norm_squared is None:
        return pairs
    some = (pairs.where(slice(at, at + CONFIRMED)) for at in range(0, len(pairs), CONFIRMED))
    parts = []
    for found in in_order(_copies_among, some):
        parts.append(found)
        report(Progress("confirm", min(len(parts) * CONFIRMED, len(pairs)), len(pairs)))
    return joined(parts)


def _one_by_one(held: Held, work: Work, items: Iterable[Any]) -> Iterator[Pairs]:
    return (work(held, item) for item in items)


def _alike_among(held: Held, rows: Int64) -> Pairs:
    """Return the pairs of some rows with their nearest ones that have like pixels."""
    judge, index, coarse = held
    vectors = vectors_of(judge.images.embeddings(judge.embedder.key), rows)
    there = vectors.any(axis=1)
    found = index.search(vectors[there], min(NEAREST, len(index)))
    a, b = np.repeat(rows[there], found.ids.shape[1]), found.ids.ravel()
    pairs = Pairs(a, b, found.distances.ravel())
    pairs = pairs.where((b >= 0) & (a != b) & (pairs.distance <= EMBEDDING))
    pairs = pairs.where(coarse.may_be_alike(pairs.a, pairs.b, judge.limit))
    return of_like_pixels(each_once(pairs, len(coarse.of)), judge)


def _copies_among(held: Held, pairs: Pairs) -> Pairs:
    return of_like_features(pairs, held[0])
