"""Rows of a Parquet file as images, unpacked a few at a time; what is broken costs its own row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Address, Place
from gmv_core.sources.readers.parquet.columns import Columns
from gmv_core.sources.readers.parquet.pages import Fields, largest_row_bytes, row_groups
from gmv_core.sources.readers.splits import Shard
from gmv_core.sources.source import too_large
from gmv_core.types import SourceImage

_BATCH_ROWS = 64
_BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError)
_BATCH_BYTES = 64_000_000  # of as many rows as can take so much


def opened_parquet(path: Place, pages: IO[bytes]) -> pq.ParquetFile:
    """Open a file; what was asked of an address through `pages` is not asked again."""
    try:
        # pre_buffer, the default, would read all row groups into memory at once.
        file = pq.ParquetFile(pages if isinstance(path, Address) else path, pre_buffer=False)
        _ = file.schema_arrow, file.metadata  # read now, so that damage shows here
        return file
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(
            f"{path.name} is a broken or cut-off Parquet file ({_reason(error)}); "
            "make or download it again."
        ) from error


def _reason(error: Exception) -> str:
    """Return the first sentence of an Arrow message."""
    text = "".join(c if c.isprintable() else " " for c in str(error))
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


def read_rows(shard: Shard, columns: Columns, start: int) -> Iterator[SourceImage]:
    """Yield the rows of one file from `start` on; row groups before it are not read."""
    row = 0
    with shard.path.open("rb") as pages, opened_parquet(shard.path, pages) as file:
        told = row_groups(pages)
        for group in range(file.metadata.num_row_groups):
            end = row + file.metadata.row_group(group).num_rows
            at, error = max(row, start), "the file breaks off before this row"
            if at < end:
                try:
                    size = _batch_rows(file, pages, told[group : group + 1], columns)
                    for values in _group(file, group, columns, at - row, size):
                        yield _image(f"{shard.name}/{at:06d}", values, columns)
                        at += 1
                except _BROKEN as broken:
                    error = f"the file is broken before this row ({_reason(broken)})"
            for number in range(at, end):
                yield SourceImage(f"{shard.name}/{number:06d}", b"", error=error)
            row = end


def _batch_rows(
    file: pq.ParquetFile, pages: IO[bytes], group: Sequence[Fields], columns: Columns
) -> int:
    """Return how many rows of a group may be unpacked at once; raise ValueError for none."""
    row_bytes = max(largest_row_bytes(pages, one, _held(file, columns)) for one in group or [{}])
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(row_bytes, 1)))


def _held(file: pq.ParquetFile, columns: Columns) -> list[str]:
    wanted = [columns.image, columns.label, columns.owner, *columns.others]
    return [name for name in wanted if name and name in file.schema_arrow.names]


def _group(
    file: pq.ParquetFile, group: int, columns: Columns, start: int, size: int
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a row group from `start` on, unpacked `size` at a time."""
    for batch in file.iter_batches(size, row_groups=[group], columns=_held(file, columns)):
        yield from _rows(batch.slice(start))
        start = max(0, start - len(batch))


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Yield the rows of a batch; a cell that cannot be read is `_Unreadable`, in its row alone."""
    for number in range(len(batch)):
        row: dict[str, Any] = {}
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                row[name] = column[number].as_py()
            except (pa.ArrowException, ValueError, OverflowError) as error:
                row[name] = _Unreadable(_reason(error))
        yield row


@dataclass(frozen=True)
class _Unreadable:
    """In place of a cell: why it has no value."""

    reason: str


def _image(name: str, values: Mapping[str, Any], columns: Columns) -> SourceImage:
    cell = values[columns.image]
    path = ""
    if isinstance(cell, dict):
        path, cell = cell.get("path") or "", cell.get("bytes")
    said = {key: _as_text(key, values, columns) for key in columns.others}
    if path:
        said.setdefault("path", path)
    data, error = cell if isinstance(cell, bytes) else b"", ""
    if cell is None:
        error = (
            f"the row names the file {path!r} but holds no bytes" if path else "the row is empty"
        )
    elif isinstance(cell, _Unreadable):
        error = f"the row cannot be read ({cell.reason})"
    elif not isinstance(cell, bytes):
        error = f"the row holds no bytes but {type(cell).__name__}"
    error = error or too_large(len(data))
    return SourceImage(
        name,
        b"" if error else data,
        label=_as_text(columns.label, values, columns),
        owner=_as_text(columns.owner, values, columns),
        attributes={key: text for key, text in said.items() if text},
        error=error,
    )


def _as_text(column: str | None, values: Mapping[str, Any], columns: Columns) -> str:
    """Return a cell as text; a ClassLabel's number as its name, and −1 (unlabelled) as ""."""
    value = values.get(column) if column else None
    if column is None or value is None or isinstance(value, _Unreadable):
        return ""
    names = columns.class_names.get(column)
    if names and isinstance(value, int):
        return str(names[value]) if 0 <= value < len(names) else ""
    if column == columns.label and isinstance(value, float):
        # pandas makes whole numbers with gaps to floats, and the gaps to NaN.
        return "" if value != value else str(int(value)) if value.is_integer() else str(value)
    return str(value)
