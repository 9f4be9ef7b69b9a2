"""Parquet files with image bytes, as Hugging Face writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

import pyarrow as pa

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Place
from gmv_core.sources.readers.parquet.columns import Columns, columns_of
from gmv_core.sources.readers.parquet.rows import opened_parquet, read_rows
from gmv_core.sources.readers.splits import Shard, of_split
from gmv_core.sources.source import PartReader, Source, check_members, files_digest
from gmv_core.types import SourceImage


def open_parquet(shards: Sequence[Shard]) -> Source:
    """Open one Parquet file, or several with the same columns in the order given.

    The images are the column that the Hugging Face metadata names, else a struct with `bytes`, else
    a binary column. Other plain columns become attributes.

    Raises:
        SourceError: if a file is broken or has no column of images.
    """
    paths = [shard.path for shard in shards]
    told = [_told(path) for path in paths]
    columns = columns_of(told[0][0], paths[0])
    for path, (schema, _) in zip(paths, told, strict=True):
        missing = {columns.image} - set(schema.names)
        if missing:
            raise SourceError(
                f"{path.name} has no column {columns.image!r}, unlike {paths[0].name}; "
                "give files of one data set."
            )
    counts = [rows for _, rows in told]
    check_members(sum(counts), paths[0])
    if not sum(counts):
        raise SourceError(f"{paths[0].name} has 0 rows; give a file with images.")

    def pieces(start: int, stop: int) -> list[tuple[Shard, int, int]]:
        """Return of which shards which rows are asked for."""
        found = []
        for shard, rows in zip(shards, counts, strict=True):
            if start < rows and stop > 0:
                found.append((shard, max(0, start), min(stop, rows)))
            start, stop = start - rows, stop - rows
        return found

    def part(start: int, stop: int) -> PartReader:
        return partial(_read_pieces, pieces(start, stop), columns)

    def read(start: int) -> Iterator[SourceImage]:
        return _read_pieces(pieces(start, sum(counts)), columns, Counter())

    location = paths[0] if len(paths) == 1 else paths[0].parent
    labels_from = f"the column {columns.label}" if columns.label else ""
    return Source(
        "parquet",
        str(location),
        None,
        sum(counts),
        {},
        files_digest(paths),
        read,
        labels_from=labels_from,
        part=part,
    )


def _read_pieces(
    pieces: Sequence[tuple[Shard, int, int]], columns: Columns, _: Counter[str]
) -> Iterator[SourceImage]:
    """Yield rows of files, from the first number up to the second of each; none is passed over."""
    for shard, start, stop in pieces:
        for image in islice(read_rows(shard, columns, start), stop - start):
            yield of_split(image, shard.split)


def _told(path: Place) -> tuple[pa.Schema, int]:
    """Return the columns of a file and its number of rows."""
    with path.open("rb") as pages, opened_parquet(path, pages) as file:
        return file.schema_arrow, int(file.metadata.num_rows)
