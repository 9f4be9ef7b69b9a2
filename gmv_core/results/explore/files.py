"""A selection as files: a table, or a zip of its images.

The images are as they were brought where the source can still be read and has the same bytes, else
previews: at most 256 px, as the set keeps them.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from gmv_core.errors import GMVError, WorkspaceError, unknown_choice
from gmv_core.images.kinds import image_kind
from gmv_core.results.result import Result
from gmv_core.results.selection import as_csv, as_parquet
from gmv_core.results.shares import value_intervals
from gmv_core.sources.opening import open_source
from gmv_core.sources.source import Source
from gmv_core.store.columns import previews
from gmv_core.store.manifests import SourceEntry
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64, SourceImage

ABOUT = ["id", "name", "label", "owner", "attributes", "width", "height", "sha256"]
READ = 512  # previews read at once
SEPARATE = ("folder", "file", "uploads")  # sources in which an image is found without the others


@dataclass(frozen=True)
class Zipped:
    """Images in a zip: as they were brought, and those of which only the preview is there."""

    originals: int
    previews: int


def selection_table(images: ImageSet, rows: Int64, result: Result | None = None) -> pd.DataFrame:
    """Return one row an image of a selection: what is stored of it, and of a result its value.

    Columns: name, label, owner, attributes (JSON), width, height, sha256; of a result that values
    these images value, value_low, value_high, times_contributor and nearest_distance, too.
    """
    table = (
        images.images.take(rows, ABOUT).to_pandas() if len(rows) else pd.DataFrame(columns=ABOUT)
    )
    if result is not None and result.training.folder == images.folder:
        low, high = value_intervals(result)
        worth = result.values_table(("id", "value", "times_contributor", "nearest_distance"))
        worth.insert(2, "value_low", low[worth["id"]])
        worth.insert(3, "value_high", high[worth["id"]])
        table = table.merge(worth, on="id", how="left")
    return table.drop(columns="id")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet, by the suffix of the file.

    Raises SettingsError for another suffix, WorkspaceError where the file cannot be written.
    """
    writers = {".csv": as_csv, ".parquet": as_parquet}
    if path.suffix.lower() not in writers:
        raise unknown_choice("kind of table", path.suffix, list(writers))
    content = writers[path.suffix.lower()](table)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be written ({error.strerror or error}).") from error


def write_zip(
    images: ImageSet, rows: Int64, file: Path | IO[bytes], *, originals: bool = True
) -> Zipped:
    """Write the images of a selection into a zip under their names; previews are in "previews/".

    originals: look for them; without, all are previews. A rejected image of which nothing can be
    seen is left out.
    """
    about = images.images.take(rows, ["id", "name", "sha256"]).to_pandas()
    missing = dict(zip(about["name"], about["id"], strict=True))
    digests = dict(zip(about["name"], about["sha256"], strict=True))
    found = seen = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for image in _originals(images, missing) if originals else ():
            name = image.name
            if name in missing and hashlib.sha256(image.data).hexdigest() == digests[name]:
                made.writestr(name, image.data)
                del missing[name]
                found += 1
            if not missing:
                break
        left = np.array(sorted(missing.values()), np.int64)
        names = {row: name for name, row in missing.items()}
        for first in range(0, len(left), READ):
            some = left[first : first + READ]
            for row, preview in zip(some.tolist(), previews(images, some), strict=True):
                if preview:
                    kind = image_kind(preview[:16]).lower() or "img"
                    made.writestr(f"previews/{names[row]}.{kind}", preview)
                    seen += 1
    return Zipped(found, seen)


def _originals(images: ImageSet, wanted: Mapping[str, int]) -> Iterator[SourceImage]:
    """Yield what the sources of a set still hold of some images, and perhaps others with them.

    wanted: name → row. It may lose names while this goes on.
    """
    entries = images.manifest().sources
    ends = [entry.first_row for entry in entries[1:]] + [len(images.images)]
    for entry, end in zip(entries, ends, strict=True):
        names = {name for name, row in wanted.items() if entry.first_row <= row < end}
        if not names:
            continue
        try:
            yield from _some_of(_opened(entry), names)
        except (GMVError, OSError):
            continue  # it is gone, or cannot be read any more: previews


def _opened(entry: SourceEntry) -> Source:
    return open_source(entry.location, reading=entry.reading, split=entry.split)


def _some_of(source: Source, names: set[str]) -> Iterator[SourceImage]:
    if source.names is None:
        yield from (image for image in source.read() if image.name in names)
        return
    places = [place for place, name in enumerate(source.names) if name in names]
    if source.kind in SEPARATE:
        for place in places:
            yield from islice(source.read(place), 1)
    elif places:
        yield from islice(source.read(places[0]), places[-1] - places[0] + 1)
