"""Which images of a source go into a set, and under which names.

A name is one image's: what the set already has is passed over, another picture of the same name is
kept under a name that tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import count, islice
from pathlib import Path

import numpy as np

from gmv_core.images.decode import decode, pixels_of
from gmv_core.settings import IngestSettings
from gmv_core.sources.labels import Labels
from gmv_core.sources.names import numbered
from gmv_core.sources.source import Source
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, Int64, SourceImage

ALREADY = "image that the set already has"
KEY_BYTES, HASH_BYTES = 16, 32


@dataclass
class Clashes:
    """What became of images whose names were taken: passed over, or renamed."""

    passed_over: int = 0
    renamed: int = 0


@dataclass(frozen=True)
class _Known:
    """The images that a set had before this source, in 56 bytes an image.

    keys: (n,) digests of their names, rising; rows: of each key; hashes: (n,) SHA-256, by row.
    """

    target: ImageSet
    settings: IngestSettings
    keys: np.ndarray
    rows: Int64
    hashes: np.ndarray

    @classmethod
    def of(cls, target: ImageSet, first_row: int, settings: IngestSettings) -> _Known:
        names, hashes = bytearray(), bytearray()
        for batch in target.images.batches(["name", "sha256"]):
            names += b"".join(map(_key, batch["name"].to_pylist()))
            digests = map(bytes.fromhex, batch["sha256"].to_pylist())
            hashes += b"".join(one.ljust(HASH_BYTES, b"\0") for one in digests)
        keys = np.frombuffer(names, f"S{KEY_BYTES}")[:first_row]
        rows = np.argsort(keys, kind="stable")
        return cls(target, settings, keys[rows], rows, np.frombuffer(hashes, f"V{HASH_BYTES}"))

    def row_of(self, name: str) -> int | None:
        """Return the row of the image of that name, None where there is none."""
        key = _key(name).rstrip(b"\0")  # as NumPy hands them out
        at = int(np.searchsorted(self.keys, key))
        return int(self.rows[at]) if at < len(self.keys) and self.keys[at] == key else None

    def is_same(self, image: SourceImage, row: int) -> bool:
        """Whether an image is the one in a row: the same bytes, or pixels and size."""
        made = decode(image.data, self.settings)
        if bytes.fromhex(made.sha256).ljust(HASH_BYTES, b"\0") == self.hashes[row].tobytes():
            return True
        columns = ["status", "preview", "width", "height"]
        there = self.target.images.take(np.array([row]), columns).to_pylist()[0]
        if made.status != OK or there["status"] != OK or made.pixels is None:
            return False
        if (made.width, made.height) != (there["width"], there["height"]):
            return False
        return np.array_equal(made.pixels, pixels_of(there["preview"]))


def _key(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


def pending(
    target: ImageSet,
    source: Source,
    first_row: int,
    *,
    labels: Labels | None,
    settings: IngestSettings,
    clashes: Clashes,
) -> Iterator[SourceImage]:
    """Yield the source's images that the set has not committed yet, labelled and named.

    first_row: of the source's images in the set. clashes: counts are added to it, complete at the
    end, however often the work was interrupted.
    """
    done = len(target.images) - first_row
    if first_row == 0:
        yield from _labelled(source.read(start=done), labels)
        return
    known = _Known.of(target, first_row, settings)
    images = _labelled(source.read(), labels)
    yield from islice(_named(images, known, _own_name(source), clashes), done, None)


def _labelled(images: Iterator[SourceImage], labels: Labels | None) -> Iterator[SourceImage]:
    return images if labels is None else map(labels.labelled, images)


def _own_name(source: Source) -> str:
    """Return what tells the source from others: the name of its folder or file."""
    return Path(source.location).name.split(".")[0] or source.kind


def _named(
    images: Iterator[SourceImage], known: _Known, own: str, clashes: Clashes
) -> Iterator[SourceImage]:
    given = set[str]()
    for image in images:
        for name in _names(image.name, own):
            row = known.row_of(name)
            if row is not None and known.is_same(image, row):
                clashes.passed_over += 1
                break
            if row is None and name not in given:
                given.add(name)
                clashes.renamed += name != image.name
                yield replace(image, name=name)
                break


def _names(name: str, own: str) -> Iterator[str]:
    """Yield a name and those that it may have instead: "bob/1.jpg", "bob/1 (2).jpg" …"""
    yield name
    yield f"{own}/{name}"
    for number in count(2):
        yield numbered(f"{own}/{name}", number)
