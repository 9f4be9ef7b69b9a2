"""Is a picture in a training set: its very file, its pixels, or a near copy of it?

The file is looked for by its digest among all images, pixels and near copies among the images whose
embeddings are nearest, as in duplicates.py and with its limits: what was mirrored, cropped or moved
is mostly not found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from gmv_core.errors import SourceError, WorkspaceError
from gmv_core.images.decode import decode, pixels_of
from gmv_core.matching.matcher import embed_previews
from gmv_core.method.recall import Index
from gmv_core.models.choice import reload_embedder
from gmv_core.sets.index import load_index
from gmv_core.store.access import Right, require
from gmv_core.store.columns import previews_of
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.duplicates import BYTES, NEAR, SAME_PIXELS
from gmv_core.trust.identical import CLOSE
from gmv_core.trust.near_copies import Judge, copies_of, judge_of
from gmv_core.types import OK, Embedder, Float32, Int64, UInt8

NEAREST = 20  # embeddings that are looked at
HOW = {
    BYTES: "the same file",
    SAME_PIXELS: "the same pixels in another file",
    NEAR: "a near copy",
}


@dataclass(frozen=True)
class Finder:
    """What is loaded once for a finished training set; it never changes."""

    training: ImageSet
    embedder: Embedder
    index: Index
    judge: Judge


@dataclass(frozen=True)
class Sighting:
    """A training image that is the picture looked for, or the nearest one.

    how: BYTES, SAME_PIXELS or NEAR; "" for the nearest where none is it. distance: between
    embeddings, 0 to 2.
    """

    training: str
    row: int
    how: str
    distance: float
    label: str
    owner: str


@dataclass(frozen=True)
class Sought:
    """A picture that was looked for. found: the same file first, then by distance.

    nearest: by embedding, found or not. preview: the picture as the set would keep it, encoded.
    """

    found: tuple[Sighting, ...]
    nearest: Sighting
    preview: bytes

    @property
    def sentence(self) -> str:
        """Say in a sentence what was found."""
        if not self.found:
            return (
                "Neither this picture nor a near copy of it is in the training set; the nearest "
                f"image there is {self.nearest.training}. What was mirrored, cropped or moved "
                "would not be found."
            )
        first, more = self.found[0], len(self.found) - 1
        also = "" if not more else f", and {more:,} more" + (" copy" if more == 1 else " copies")
        return f"It is in the training set: {first.training} is {HOW[first.how]}{also}."


def open_finder(training: ImageSet, embedder: Embedder | None = None) -> Finder:
    """Load what finding needs of a finished set.

    embedder: needed again where the set was built with one given from Python.
    """
    manifest = training.manifest()
    if manifest.index is None:
        raise WorkspaceError(f"The set {training.name!r} is unfinished; run its build again.")
    built = manifest.embedder
    network = reload_embedder(built.key, built.precision, embedder)
    index = load_index(training, network.key, manifest.index)
    return Finder(training, network, index, judge_of(training, network, index))


def find_picture(finder: Finder, content: bytes) -> Sought:
    """Look for a picture by the bytes of its file.

    Raises SourceError where it cannot be read.
    """
    require(Right.BRING, "bringing an image")
    training = finder.training
    decoded = decode(content, training.manifest().ingest)
    if decoded.status != OK or decoded.pixels is None:
        raise SourceError(f"The picture cannot be read: {decoded.status}; give another one.")
    vector = embed_previews(finder.embedder, [decoded.pixels])[0]
    near = finder.index.search(vector, min(NEAREST, len(finder.index)))
    there = near.ids[0] >= 0
    rows, distance = near.ids[0][there], near.distances[0][there]
    how = _how(finder, decoded.pixels, pixels_of(decoded.preview), rows, distance)
    for row in _same_file(training, decoded.sha256):
        how[row] = BYTES
    apart = dict(zip(rows.tolist(), distance.tolist(), strict=True))
    order = sorted(how, key=lambda row: (how[row] != BYTES, apart.get(row, 0.0), row))
    sightings = _sightings(training, [*order, int(rows[0])], how, apart)
    return Sought(tuple(sightings[:-1]), sightings[-1], decoded.preview)


def _same_file(training: ImageSet, sha256: str) -> list[int]:
    stored = training.images.read(["sha256", "status"])
    same = pc.and_(pc.equal(stored["sha256"], sha256), pc.equal(stored["status"], OK))
    return [int(row) for row in np.flatnonzero(same.to_numpy())]


def _how(
    finder: Finder, pixels: UInt8, preview: UInt8, rows: Int64, distance: Float32
) -> dict[int, str]:
    """Return how the nearest images are the picture, those that are."""
    close = rows[distance <= CLOSE]
    stored = previews_of(finder.training, close)
    same = [int(row) for row, other in zip(close, stored, strict=True)
            if np.array_equal(preview, other)]  # fmt: skip
    near = copies_of(pixels, rows, distance, finder.judge)
    return {**{int(row): NEAR for row in near}, **dict.fromkeys(same, SAME_PIXELS)}


def _sightings(
    training: ImageSet, rows: list[int], how: dict[int, str], apart: dict[int, float]
) -> list[Sighting]:
    about = training.images.take(np.array(rows), ["name", "label", "owner"]).to_pylist()
    return [
        Sighting(one["name"], row, how.get(row, ""), apart.get(row, 0.0), one["label"] or "",
                 one["owner"] or "")
        for row, one in zip(rows, about, strict=True)
    ]  # fmt: skip
