"""Which images of a source go into a set, and under which names.

A name is one image's: what the set already has is passed over, another picture of the same name is
kept under a name that tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path

import numpy as np

from gmv_core.images.decode import decode, pixels_of
from gmv_core.settings import IngestSettings
from gmv_core.sources.labels import Labels
from gmv_core.sources.names import numbered
from gmv_core.sources.source import Source
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, SourceImage

ALREADY = "image that the set already has"


@dataclass
class Clashes:
    """What became of images whose names were taken: passed over, or renamed."""

    passed_over: int = 0
    renamed: int = 0


@dataclass
class _Known:
    """The images that a set had before this source. rows: by name; digests: SHA-256 by row."""

    target: ImageSet
    settings: IngestSettings
    rows: dict[str, int] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, target: ImageSet, first_row: int, settings: IngestSettings) -> _Known:
        table = target.images.read(["name", "sha256"])[:first_row]
        names = table["name"].to_pylist()
        rows = {name: row for row, name in enumerate(names)}
        return cls(target, settings, rows, table["sha256"].to_pylist())

    def is_same(self, image: SourceImage, row: int) -> bool:
        """Whether an image is the one in a row: the same bytes, or pixels and size."""
        made = decode(image.data, self.settings)
        if made.sha256 == self.digests[row]:
            return True
        columns = ["status", "preview", "width", "height"]
        there = self.target.images.take(np.array([row]), columns).to_pylist()[0]
        if made.status != OK or there["status"] != OK or made.pixels is None:
            return False
        if (made.width, made.height) != (there["width"], there["height"]):
            return False
        return np.array_equal(made.pixels, pixels_of(there["preview"]))


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
            row = known.rows.get(name)
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
