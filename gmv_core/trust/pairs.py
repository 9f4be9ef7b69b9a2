"""The pairs of near copies in a set: each image's nearest ones by the index, confirmed.

Blocks of images are searched in this process, or shared among workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

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
from gmv_core.trust.near_copies import EMBEDDING, Judge, Pairs, Small, confirmed, joined, judge_of
from gmv_core.trust.outlines import Outlines, outlines
from gmv_core.types import Embedder, Int64, Progress, Report

NEAREST = 11  # of each image, itself among them; copies of copies are joined through each other
SEARCHED = 8192  # images whose pairs are looked for at once


@dataclass(frozen=True)
class _Search:
    """What finding the pairs of a set takes, in any process. given: see `Recipe`."""

    images: ImageSet
    manifest: SetManifest
    form: PixelForm
    given: Embedder | None

    def loaded(self) -> tuple[Judge, Index, Outlines]:
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
    """Return all confirmed pairs among each image's nearest ones; memory: those, and one block."""
    manifest, total = images.manifest(), len(images.images)
    blocks = (np.arange(at, min(at + SEARCHED, total)) for at in range(0, total, SEARCHED))
    found: Iterator[Pairs]
    if workers is None:
        found = map(partial(_pairs_of, _Search(images, manifest, form, embedder).loaded()), blocks)
    else:
        given = embedder if manifest.embedder.precision == "own" else None
        there = ImageSet(images.folder.absolute())
        search = _Search(there, manifest, form, given)
        found = workers.in_order(search.loaded, _pairs_of, blocks)
    parts = []
    for number, pairs in enumerate(found, start=1):
        parts.append(pairs)
        report(Progress("duplicates", min(number * SEARCHED, total), total))
    return joined(parts)


def _pairs_of(held: tuple[Judge, Index, Outlines], rows: Int64) -> Pairs:
    """Return the confirmed pairs of some rows with their nearest ones."""
    judge, index, coarse = held
    vectors = vectors_of(judge.images.embeddings(judge.embedder.key), rows)
    there = vectors.any(axis=1)
    found = index.search(vectors[there], min(NEAREST, len(index)))
    a, b = np.repeat(rows[there], found.ids.shape[1]), found.ids.ravel()
    pairs = Pairs(a, b, found.distances.ravel())
    pairs = pairs.where((b >= 0) & (a != b) & (pairs.distance <= EMBEDDING))
    return confirmed(pairs.where(coarse.may_be_alike(pairs.a, pairs.b, judge.limit)), judge)
