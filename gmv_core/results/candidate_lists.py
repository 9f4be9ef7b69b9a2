"""The stored candidate lists of a run, whole or with some training images left out of them.

And how far a generated image is from a training image that is on its list, or on none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gmv_core.matching.lists import leave_out
from gmv_core.matching.matcher import Matches
from gmv_core.method.value import ALL_EARN, Basis, HandedOut, hand_out
from gmv_core.settings import ValueSettings
from gmv_core.store.columns import matrix, vectors_of
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Run
from gmv_core.types import Float64, Int64

_LISTS = ("candidates", "recall_rank", "recall_distance", "distance")
_FURTHER = ("pixels", "nearest_in_pixels", "in_pixels")  # earlier versions have them not


@dataclass(frozen=True)
class Block:
    """The stored candidates of m generated images, with their quality.

    rows: (m,) of the generated set. matches: (m, R). quality: (m,), nan for a rejected image.
    """

    rows: Int64
    matches: Matches
    quality: Float64

    def handed_out(self, settings: ValueSettings, basis: Basis = ALL_EARN) -> HandedOut:
        """Return what these images hand out to their contributors.

        basis: the one that the block was read with.
        """
        lists = self.matches
        return hand_out(lists.candidates, lists.distance, self.quality, settings, basis)


def blocks(run: Run, without: Collection[int] = (), basis: Basis = ALL_EARN) -> Iterator[Block]:
    """Yield the candidate lists of all generated images, in order, without some training rows.

    basis: where it has clusters, one candidate stays of each; made without the same rows.
    """
    quality = run.table("quality").read(["quality"])["quality"].to_numpy()
    for batch in run.table("matches").batches(
        ["id", *_LISTS, "exact"], further=_FURTHER, needed=True
    ):
        rows = batch["id"].to_numpy()
        yield Block(rows, leave_out(_matches(batch), without, basis), quality[rows])


def block_of(run: Run, row: int, without: Collection[int] = (), basis: Basis = ALL_EARN) -> Block:
    """Return the candidate list of one generated image, without some training rows."""
    at = np.array([row])
    stored = run.table("matches").take(at, [*_LISTS, "exact"])
    quality = run.table("quality").take(at, ["quality"])["quality"].to_numpy()
    return Block(at, leave_out(_matches(stored), without, basis), quality)


def nearest_rows(run: Run, without: Collection[int] = (), basis: Basis = ALL_EARN) -> Int64:
    """Return the training row of each generated image's first candidate, (m,), −1 for none."""
    first = [block.matches.candidates[:, 0] for block in blocks(run, without, basis)]
    return np.concatenate(first)


@dataclass(frozen=True)
class Away:
    """How far an image is. exact: false for an estimate. place: on the list, None for none."""

    distance: float
    exact: bool
    place: int | None


def distance_of(
    run: Run, training: ImageSet, generated: ImageSet, rows: tuple[int, int], distance: str
) -> Away | None:
    """Return how far a generated image is from any training image, by what is stored.

    rows: of the generated and of the training image. distance: the run's. None where the training
    image is not on the list and the distance needs a network.
    """
    matches = block_of(run, rows[0]).matches
    place = np.flatnonzero(matches.candidates[0] == rows[1])
    if len(place):
        i = int(place[0])
        return Away(float(matches.distance[0, i]), i < matches.exact, i + 1)
    key = training.manifest().embedder.key
    own, others = generated.embeddings(key), training.embeddings(key)
    one, other = np.array([rows[0]]), np.array([rows[1]])
    if distance == "none":
        apart = vectors_of(others, other) - vectors_of(own, one)
        return Away(float(np.linalg.norm(apart)), True, None)
    listed = matches.candidates[0] >= 0
    if distance != "features" or not listed.any():
        return None
    # Sketches have a unit of their own; the candidates, whose distances are known, give it.
    known = matches.distance[0][listed]
    sketches = _sketches(others, np.concatenate([other, matches.candidates[0][listed]]))
    squared = ((sketches - _sketches(own, one)) ** 2).sum(axis=1)
    unit = np.median(known / np.maximum(squared[1:], 1))
    return Away(float(unit * squared[0]), False, None)


def _sketches(embeddings: Table, rows: Int64) -> Float64:
    sketches: Float64 = matrix(embeddings.take(rows, ["features"])["features"]).astype(np.float64)
    return sketches


def _matches(stored: pa.Table | pa.RecordBatch) -> Matches:
    lists = {name: matrix(stored[name]) for name in _LISTS}
    further = {name: matrix(stored[name]) for name in _FURTHER if name in stored.schema.names}
    return Matches(**lists, **further, exact=int(stored["exact"][0].as_py()))
