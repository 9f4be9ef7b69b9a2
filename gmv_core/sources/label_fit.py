"""How well label tables fit the images of a source, in numbers and in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gmv_core.sources.labels import Labels, Part
from gmv_core.sources.source import Source
from gmv_core.sources.tables.label_table import LabelTable


@dataclass(frozen=True)
class LabelTally:
    """How tables fit the images of a source. examples: rows that fit none.

    by_stem: images whose row has another suffix. refused: see Labels.
    """

    images_without_row: int
    rows_without_image: int
    examples: tuple[str, ...]
    images: int
    by_stem: int
    refused: int
    shared_rows: int


def tally(labels: Labels | LabelTable, names: Iterable[str]) -> LabelTally:
    """Count images without a row and rows that fit no image; up to three such rows as examples.

    shared_rows: images that take the same row as another one.
    """
    labels = labels if isinstance(labels, Labels) else Labels((Part(labels),), "")
    used: Counter[tuple[int, int]] = Counter()
    images = missing = by_stem = 0
    for name in names:
        images += 1
        places = labels.places(name)
        used.update((place.part, place.row) for place in places)
        missing += not places
        by_stem += bool(places) and all(labels.differs_in_suffix(place) for place in places)
    unused = [
        row.name
        for at, part in enumerate(labels.parts)
        for place, row in enumerate(part.table.by_place)
        if (at, place) not in used
    ]
    shared = sum(count for count in used.values() if count > 1)
    refused = len(labels.refused)
    return LabelTally(missing, len(unused), tuple(unused[:3]), images, by_stem, refused, shared)


class Fit(Protocol):
    """How tables fit images: a LabelTally, or what a manifest keeps of it."""

    @property
    def images_without_row(self) -> int: ...


def origin_words(source: Source, labels: Labels | None, fit: Fit | None) -> str:
    """Return where the labels of a source's images come from, as words."""
    told = [labels.origin] if labels and labels.origin else []
    if source.labels_from and not (told and fit and not fit.images_without_row):
        told.append(source.labels_from)
    return " and ".join(told)


def reading_words(source: Source, labels: Labels | None) -> tuple[str, ...]:
    """Return sentences on how a source and its tables are read, and on what is not."""
    notes = (*source.notes, *(labels.notes if labels else ()))
    names = () if labels and labels.parts else source.unread_tables
    if not names:
        return notes
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    looks = "looks like a table" if len(names) == 1 else "look like tables"
    return (
        *notes,
        f"{', '.join(names[:3])}{more} {looks} of labels, and no table is read: "
        "give the one that counts as the table of labels, in CSV or JSON.",
    )


def labels_sentence(origin: str, labelled: int, images: int) -> str:
    """Say how many images got a label, and from where."""
    if not labelled:
        return "No image got a label."
    got = "1 image" if images == 1 else f"{labelled:,} of {images:,} images"
    return f"Labels come from {origin or 'the source'}: {got} got one."
