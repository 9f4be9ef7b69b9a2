"""Which tables speak of a source's images.

A table that was given must fit an image; one that only lies among the images is passed over where
it fits none.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from gmv_core.errors import SourceError
from gmv_core.sources.folders import is_of_split
from gmv_core.sources.source import FoundTable, Source
from gmv_core.sources.tables.cells import listed_columns
from gmv_core.sources.tables.label_rows import LabelRow, with_row
from gmv_core.sources.tables.label_table import LabelTable, read_labels
from gmv_core.sources.tables.name_index import Match
from gmv_core.types import SourceImage

_NAME_SHOWN = 100  # signs of a name in a sentence
_NAMED = 3  # tables that a sentence names, of several
_SAMPLE = 300  # images read for their names where listing would mean reading


@dataclass(frozen=True)
class Part:
    """A table, and the folder in which its names begin ("": the source)."""

    table: LabelTable
    folder: str = ""

    def match(self, name: str) -> Match | None:
        if not self.folder:
            return self.table.match(name)
        start = f"{self.folder}/"
        return self.table.match(name[len(start) :]) if name.startswith(start) else None


class Place(NamedTuple):
    """A row of one of several tables. by_stem: see `Match`."""

    part: int
    row: int
    by_stem: bool


@dataclass(frozen=True)
class Labels:
    """What tables say of a source's images.

    parts: the one that goes before the others last. digest: of the tables' bytes, so that edited
    ones are noticed. refused: images that do not take the row of another file that differs in its
    suffix only. notes: sentences on what was not used.
    """

    parts: tuple[Part, ...]
    digest: str
    refused: frozenset[tuple[int, str]] = frozenset()
    notes: tuple[str, ...] = ()

    def places(self, name: str) -> list[Place]:
        """Return the rows of an image, at most one of each table."""
        found = ((at, self.parts[at].match(name)) for at in self._parts_of(name))
        return [
            Place(at, match.row, match.by_stem)
            for at, match in found
            if match and (at, name) not in self.refused
        ]

    def _parts_of(self, name: str) -> list[int]:
        """Return the places of the tables that may speak of an image, in order."""
        found, folder = list(self._by_folder.get("", ())), name.rpartition("/")[0]
        while folder:
            found += self._by_folder.get(folder, ())
            folder = folder.rpartition("/")[0]
        return sorted(found)

    @cached_property
    def _by_folder(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for at, part in enumerate(self.parts):
            places.setdefault(part.folder, []).append(at)
        return places

    def rows(self, name: str) -> list[LabelRow]:
        return [self.parts[place.part].table.by_place[place.row] for place in self.places(name)]

    def labelled(self, image: SourceImage) -> SourceImage:
        """Return the image with what the tables say of it."""
        for row in self.rows(image.name):
            image = with_row(image, row)
        return image

    def differs_in_suffix(self, place: Place) -> bool:
        """Whether a row names a file of another type than the image that it was found for."""
        key = self.parts[place.part].table.index.key(place.row)
        return place.by_stem and key.stem != key.file

    @property
    def attributes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for part in self.parts for name in part.table.attributes))

    @property
    def origin(self) -> str:
        """Return the tables that say labels, as words."""
        said = list(dict.fromkeys(p.table.what for p in self.parts if p.table.says_labels))
        more = [f"{len(said) - _NAMED:,} more tables"] if len(said) > _NAMED + 1 else said[_NAMED:]
        return " and ".join([*said[:_NAMED], *more])


def labels_for(source: Source, csv: str | Path | None = None) -> Labels | None:
    """Return what the table given says of the images, else those that lie among them.

    Raises:
        SourceError: if the table given is none, or fits no image.
    """
    given = csv if csv is not None else source.labels_file if source.table_given else None
    if given is None and not source.tables:
        return None
    names = source.names if source.names is not None else _sampled(source)
    if given is not None:
        return _of_given(source, given, names)
    parts, digests, notes = list[Part](), list[str](), list[str]()
    ordered = sorted(names)
    for table in source.tables:
        try:
            part = _part(table, ordered, alone=len(source.tables) == 1)
        except SourceError as error:
            notes.append(f"{table.name} was not used: {error}")
            continue
        if part:
            parts.append(part)
            digests.append(_digest(table.content))
    digest = digests[0] if len(digests) == 1 else _digest("".join(digests).encode())
    labels = Labels(tuple(parts), digest if parts else "", notes=tuple(notes))
    return _refusing(labels, source.names)


def labels_of(names: Sequence[str], csv: str | Path | bytes) -> Labels:
    """Return what a table says of images of these names; raise SourceError where it fits none."""
    table = _fitting(read_labels(csv, names), names)
    if not _fits_any(table, names):
        raise _fits_none(table, names)
    return _refusing(Labels((Part(table),), _digest(csv)), names)


def _sampled(source: Source) -> list[str]:
    return [image.name for image in islice(source.read(), _SAMPLE)]


def _of_given(source: Source, given: str | Path | bytes, names: Sequence[str]) -> Labels:
    table = _fitting(read_labels(given, names), names)
    if not _fits_any(table, names) and source.names is None:
        names = [name for image in source.read() if table.find(name := image.name)][:1] or names
    if not _fits_any(table, names):
        raise _fits_none(table, names)
    return _refusing(Labels((Part(table),), _digest(given)), source.names)


def _part(found: FoundTable, names: Sequence[str], *, alone: bool) -> Part | None:
    """Read a table that lies among the images; its names begin in its folder, or at the root.

    names: of the images, in order. alone: it is the only table.
    """
    folder = found.name.rpartition("/")[0]
    first, end = bisect_left(names, f"{folder}/"), bisect_left(names, f"{folder}0")  # "0" follows
    within = [name[len(folder) + 1 :] for name in names[first:end]]
    tries = [(folder, within)] if within and folder else []
    if not folder or (alone and not is_of_split(folder)):
        tries.append(("", list(names)))
    for start, seen in tries:
        table = _fitting(read_labels(found.content, seen, what=found.name), seen)
        if _fits_any(table, seen):
            return Part(table, start)
    if not tries:  # of images that are not read
        return None
    raise _fits_none(read_labels(found.content, names, what=found.name), names)


def _fitting(table: LabelTable, names: Sequence[str]) -> LabelTable:
    """Return the table; where nothing fits, one that sees past folders that are no classes."""
    if _fits_any(table, names):
        return table
    looser = replace(table, past_storage=True)
    return looser if _fits_any(looser, names) else table


def _fits_any(table: LabelTable, names: Iterable[str]) -> bool:
    return any(table.match(name) for name in names)


def _fits_none(table: LabelTable, names: Sequence[str]) -> SourceError:
    image = names[0] if names else "none"
    row = table.by_place[0].name if table.by_place else "none"
    return SourceError(
        f"{table.what} fits none of the images: one of them is {image!r}, a row of it is for "
        f"{row[:_NAME_SHOWN]!r} (columns: {listed_columns(table.columns)}); "
        "let a column give the images' names as they are, or leave the table out."
    )


def _refusing(labels: Labels, names: Sequence[str] | None) -> Labels:
    """Keep images from rows that are another image's own: "p0.png" from that of "p0.jpg".

    And say what was guessed of the tables.
    """
    guessed = (sentence for part in labels.parts for sentence in part.table.guesses())
    labels = replace(labels, notes=(*labels.notes, *guessed))
    if names is None or not labels.parts:
        return labels
    own, loose = set[tuple[int, int]](), list[tuple[str, Place]]()
    for name in names:
        for place in labels.places(name):
            if labels.differs_in_suffix(place):
                loose.append((name, place))
            else:
                own.add((place.part, place.row))
    refused = {(place.part, name) for name, place in loose if (place.part, place.row) in own}
    return replace(labels, refused=frozenset(refused))


def _digest(table: str | Path | bytes) -> str:
    content = table if isinstance(table, bytes) else Path(table).read_bytes()
    return hashlib.sha256(content).hexdigest()
