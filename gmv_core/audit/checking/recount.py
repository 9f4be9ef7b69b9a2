"""Credit and values of an archive of evidence, counted again from its candidate lists.

Credit follows from distances, quality and settings by the one formula (method/value.py). Nothing
here needs a workspace, a model or the network; of the matches one file is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.audit.archive import Altered, Archive
from gmv_core.audit.checking.tables import Told, batches, lists_of
from gmv_core.matching.closest import CLOSEST
from gmv_core.matching.lists import gathered
from gmv_core.matching.matcher import Matches
from gmv_core.method.value import Basis, HandedOut, Values, add_values, hand_out, no_values
from gmv_core.method.value import shared_within as shared
from gmv_core.results.shares import Credits, shared_credits
from gmv_core.settings import CLUSTER
from gmv_core.trust.null import first_rows, nearest_of
from gmv_core.trust.standing import Nearest, together
from gmv_core.types import OK, Float32, Float64, Int64

TOLERANCE = 1e-9  # of sums that were added up in another order
LISTS = ("candidates", "recall_rank", "recall_distance", "distance")


@dataclass(frozen=True)
class Counted:
    """What an archive comes to, counted again. n training images, m generated ones.

    values: (n,) of every training row. credits: all of them, (c,). nearest: what the lists say of
    how near images are; first: (m, 4), the row that is first in each. of_generated: columns of m
    numbers. quality: (m,), as it is handed out. matches_differing: columns of the matches that are
    not what follows.
    """

    values: Values
    credits: Credits
    nearest: Nearest
    first: Int64
    of_generated: dict[str, Float64]
    quality: Float64
    matches_differing: tuple[str, ...]


@dataclass
class _Parts:
    """What is kept of each file of candidate lists, until all are read."""

    credits: list[tuple[Int64, Int64, Float64]] = field(default_factory=list)
    nearest: list[Nearest] = field(default_factory=list)
    first: list[Int64] = field(default_factory=list)
    generated: list[tuple[Float64, Float64, Float64]] = field(default_factory=list)


def count_again(archive: Archive, said: Told, training: pa.Table, generated: pa.Table) -> Counted:
    """Hand the qualities out again; raise Altered where lists name rows that are not there."""
    values, basis, parts = no_values(len(training)), _basis(said, training), _Parts()
    quality = qualities(generated)
    stored, differing = _Rows(batches(archive, "matches")), set[str]()
    ok, done = np.array(pc.equal(training["status"], OK)), 0
    for table in batches(archive, "candidates"):
        rows, whole = table["id"].to_numpy(), _lists(table, ok)
        if not np.array_equal(rows, np.arange(done, done + len(rows))) or done + len(rows) > len(
            quality
        ):
            raise Altered("The candidate lists are not those of its generated images, in order.")
        lists, done = gathered(whole, basis.clusters), done + len(rows)
        handed = hand_out(lists.candidates, lists.distance, quality[rows], said.settings, basis)
        values = add_values(values, lists.candidates, handed)
        matches = _matches(rows, lists, handed, basis, generated["name"], training["name"])
        differing |= _differing(stored.take(len(matches)), matches)
        j, i = np.nonzero(handed.contributors >= 0)
        parts.credits.append((rows[j], handed.contributors[j, i], handed.credit[j, i]))
        parts.nearest.append(nearest_of(whole))
        parts.first.append(first_rows(whole))
        nearest = np.min(lists.recall_distance, axis=1, initial=np.inf).astype(float)
        nearest[~np.isfinite(nearest)] = np.nan
        parts.generated.append((nearest, handed.effective, handed.unattributed))
    if done != len(generated):
        raise Altered(f"It holds candidate lists of {done} of its {len(generated)} images.")
    if stored.take(1):
        differing.add("number")
    return _counted(parts, shared(values, basis), basis, quality, said, differing)


def _counted(
    parts: _Parts, values: Values, basis: Basis, quality: Float64, said: Told, differing: set[str]
) -> Counted:
    credits = Credits(*(np.concatenate(column) for column in zip(*parts.credits, strict=True)))
    columns = [np.concatenate(column) for column in zip(*parts.generated, strict=True)]
    names = ("nearest_distance", "effective_contributors", "unattributed")
    counted = quality
    if not said.settings.quality_weighting:  # without a quality: one that the metric cannot judge
        counted = (np.isfinite(quality) | (columns[1] > 0)).astype(np.float64)
    return Counted(values, shared_credits(credits, basis), together(parts.nearest),
                   np.concatenate(parts.first), dict(zip(names, columns, strict=True)),
                   np.nan_to_num(counted), tuple(sorted(differing)))  # fmt: skip


def qualities(generated: pa.Table) -> Float64:
    """Return the qualities, (m,), nan for an image that was rejected or could not be judged.

    Raises Altered for others.
    """
    quality: Float64 = generated["quality"].to_numpy().astype(float)
    judged = np.isfinite(quality)
    if (judged & ~np.array(pc.equal(generated["status"], OK))).any():
        raise Altered("A generated image that was rejected has a quality.")
    if np.isinf(quality).any() or (quality[judged] < 0).any() or (quality[judged] > 1).any():
        raise Altered("A quality lies outside 0 … 1.")
    return quality


def _lists(table: pa.Table, ok: np.ndarray) -> Matches:
    """Return candidate lists. ok: (n,) bool, the training images that can be candidates."""
    lists = {name: lists_of(table[name]) for name in LISTS}
    candidates, distance = lists["candidates"], lists["distance"]
    if len({part.shape for part in lists.values()}) > 1:
        raise Altered("The candidate lists are not as long as their distances.")
    there = candidates >= 0
    if candidates.max(initial=-1) >= len(ok) or candidates.min(initial=-1) < -1:
        raise Altered("A candidate list names a training image that is not there.")
    if not ok[candidates[there]].all():
        raise Altered("A candidate list names a training image that was rejected.")
    rising = np.sort(candidates, axis=1)
    if ((rising[:, 1:] == rising[:, :-1]) & (rising[:, 1:] >= 0)).any():
        raise Altered("A candidate list names a training image twice.")
    for part in (distance, lists["recall_distance"]):
        if (part < 0).any() or not np.array_equal(np.isfinite(part), there):
            raise Altered("A candidate has no distance, or a distance no candidate.")
    if (there[:, 1:] & ~there[:, :-1]).any():
        raise Altered("A candidate list has a gap.")
    exact = np.unique(table["exact"].to_numpy())
    if len(exact) > 1 or not (0 <= exact.min(initial=0) <= candidates.shape[1]):
        raise Altered("Its candidate lists do not say how many distances are exact.")
    depth = int(exact.min(initial=candidates.shape[1]))
    if (distance[:, 1:depth] < distance[:, : max(depth - 1, 0)]).any():
        raise Altered("The distances of a candidate list do not rise.")
    rows, apart = _nearest_in_pixels(table, ok)
    return Matches(**lists, exact=depth, pixels=_pixels(table, there), nearest_in_pixels=rows,
                   in_pixels=apart)  # fmt: skip


def _pixels(table: pa.Table, there: np.ndarray) -> Float32:
    """Return the pixel distances of lists. there: (m, R) bool, where there is a candidate."""
    pixels: Float32 = lists_of(table["pixels"])
    if pixels.shape[1] not in (0, min(CLOSEST, there.shape[1])):
        raise Altered("Its lists hold distances in pixels of more candidates, or of fewer.")
    if not np.array_equal(~np.isinf(pixels), there[:, : pixels.shape[1]]):
        raise Altered("A candidate has no distance in pixels, or a distance no candidate.")
    if (pixels < 0).any():
        raise Altered("A distance in pixels is below 0.")
    return pixels


def _nearest_in_pixels(table: pa.Table, ok: np.ndarray) -> tuple[Int64, Float32]:
    """Return the rows that are nearest in pixels, and how far they are. ok: as for `_lists`."""
    rows, apart = (lists_of(table[name]) for name in ("nearest_in_pixels", "in_pixels"))
    if rows.shape != apart.shape or rows.shape[1] not in (0, CLOSEST):
        raise Altered("Its lists hold more images that are nearest in pixels, or fewer.")
    there = rows >= 0
    if not (-1 <= rows.min(initial=-1) <= rows.max(initial=-1) < len(ok) and ok[rows[there]].all()):
        raise Altered("Images that are nearest in pixels are not there.")
    rising = np.sort(rows, axis=1)
    if ((rising[:, 1:] == rising[:, :-1]) & (rising[:, 1:] >= 0)).any():
        raise Altered("An image is nearest in pixels twice.")
    upwards = np.fmax.accumulate(apart, axis=1)  # nan for a near copy of a nearer one
    if not np.array_equal(~np.isinf(apart), there) or (apart < 0).any():
        raise Altered("An image that is nearest in pixels has no distance there.")
    if (apart < upwards).any():
        raise Altered("The distances of images that are nearest in pixels do not rise.")
    return rows, apart


def _basis(said: Told, training: pa.Table) -> Basis:
    if said.settings.duplicates != CLUSTER:
        return Basis(said.reach)
    clusters = training["cluster"].to_numpy().astype(np.int64)
    return Basis(said.reach, clusters, np.bincount(clusters, minlength=len(clusters))[clusters])


def _matches(
    rows: Int64,
    lists: Matches,
    handed: HandedOut,
    basis: Basis,
    generated: pa.ChunkedArray,
    training: pa.ChunkedArray,
) -> pa.Table:
    j, i = np.nonzero(handed.contributors >= 0)
    return pa.table(
        {
            "generated": generated.take(rows[j]),
            "training": training.take(handed.contributors[j, i]),
            "rank": i + 1,
            "recall_rank": lists.recall_rank[j, i],
            "distance": lists.distance[j, i],
            "weight": handed.weights[j, i],
            "value": handed.credit[j, i],
            "convincing": lists.distance[j, i] <= basis.reach,
        }
    )


class _Rows:
    """Hands out the rows of a table's files, some at a time."""

    def __init__(self, files: Iterator[pa.Table]) -> None:
        self._files, self._waiting = files, pa.table({})

    def take(self, count: int) -> pa.Table:
        """Return the next rows, fewer where there are no more."""
        while len(self._waiting) < count:
            more = next(self._files, None)
            if more is None:
                break
            self._waiting = pa.concat_tables([self._waiting, more]) if self._waiting else more
        taken, self._waiting = self._waiting.slice(0, count), self._waiting.slice(count)
        return taken


def _differing(stored: pa.Table, counted: pa.Table) -> set[str]:
    if len(stored) != len(counted):
        return {"number"}
    if not len(counted):
        return set()
    return {name for name in counted.column_names if not same(stored[name], counted[name])}


def same(stored: object, counted: object) -> bool:
    """Return whether columns are equal; of floats, but for the order of sums."""
    if isinstance(stored, pa.ChunkedArray) and pa.types.is_string(stored.type):
        return bool(stored.equals(counted))
    a, b = np.asarray(stored), np.asarray(counted)
    if a.shape != b.shape:
        return False
    if a.dtype.kind not in "fiu" or b.dtype.kind not in "fiu":
        return list(a) == list(b)
    largest = np.nanmax(np.abs(b), initial=0) if b.dtype.kind == "f" else 0
    least = TOLERANCE * min(1.0, float(largest) if np.isfinite(largest) else 1.0)
    equal: bool = np.allclose(a, b, rtol=TOLERANCE, atol=least, equal_nan=True)
    return equal
