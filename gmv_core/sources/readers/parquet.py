"""Parquet files with image bytes, as Hugging Face writes them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from gmv_core.errors import SourceError
from gmv_core.sources.address import Address, Place
from gmv_core.sources.label_table import LABEL_COLUMNS
from gmv_core.sources.readers.parquet_pages import Fields, largest_row_bytes, row_groups
from gmv_core.sources.readers.splits import Shard, of_split
from gmv_core.sources.source import PartReader, Source, check_members, files_digest, too_large
from gmv_core.types import SourceImage

_IMAGE_COLUMNS = ("image", "img", "images", "jpg", "png", "image_bytes", "bytes", "content", "data")
_BATCH_ROWS = 64
_BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError)
_BATCH_BYTES = 64_000_000  # of as many rows as can take so much


@dataclass(frozen=True)
class _Columns:
    """Which column is what, and the class names of the label column ([]: none known)."""

    image: str
    label: str | None
    owner: str | None
    others: tuple[str, ...]
    class_names: Mapping[str, list[str]]


def open_parquet(shards: Sequence[Shard]) -> Source:
    """Open one Parquet file, or several with the same columns in the order given.

    The images are the column that the Hugging Face metadata names, else a struct with `bytes`, else
    a binary column. Other plain columns become attributes.

    Raises:
        SourceError: if a file is broken or has no column of images.
    """
    paths = [shard.path for shard in shards]
    told = [_told(path) for path in paths]
    columns = _columns(told[0][0], paths[0])
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
    pieces: Sequence[tuple[Shard, int, int]], columns: _Columns, _: Counter[str]
) -> Iterator[SourceImage]:
    """Yield rows of files, from the first number up to the second of each; none is passed over."""
    for shard, start, stop in pieces:
        for image in islice(_read(shard, columns, start), stop - start):
            yield of_split(image, shard.split)


def _told(path: Place) -> tuple[pa.Schema, int]:
    """Return the columns of a file and its number of rows."""
    with path.open("rb") as pages, _opened(path, pages) as file:
        return file.schema_arrow, int(file.metadata.num_rows)


def _opened(path: Place, pages: IO[bytes]) -> pq.ParquetFile:
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


def _columns(schema: pa.Schema, path: Place) -> _Columns:
    features = _features(schema)
    named = [name for name, feature in features.items() if feature.get("_type") == "Image"]
    structs = [field.name for field in schema if _is_image_struct(field.type)]
    binary = [field.name for field in schema if _is_binary(field.type)]
    held = [name for name in dict.fromkeys([*named, *structs, *binary]) if name in schema.names]
    if not held:
        raise SourceError(
            f"{path.name} has no column of images (columns: {', '.join(schema.names)}); "
            "store the bytes of image files in a column named image."
        )
    usual = [name for name in _IMAGE_COLUMNS if name in held]
    image = named[0] if named and named[0] in held else (usual or held)[0]
    plain = [field.name for field in schema if field.name != image and _is_plain(field.type)]
    class_names = {
        name: _names_in(feature)
        for name, feature in features.items()
        if feature.get("_type") == "ClassLabel"
    }
    labels = [name for name in LABEL_COLUMNS if name in plain]
    labels += [name for name in class_names if name in plain]
    label, owner = labels[0] if labels else None, "owner" if "owner" in plain else None
    others = tuple(name for name in plain if name not in (label, owner))
    return _Columns(image, label, owner, others, class_names)


def _features(schema: pa.Schema) -> dict[str, dict[str, Any]]:
    """Return what the Hugging Face metadata says of each column, {} without such metadata."""
    try:
        described = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        features = {k: feature for k, feature in described.items() if isinstance(feature, dict)}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}
    return features


def _names_in(feature: Mapping[str, Any]) -> list[str]:
    """Return the names of a ClassLabel, [] where they are no list of names."""
    names = feature.get("names")
    return list(map(str, names)) if isinstance(names, list) else []


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    )


def _is_image_struct(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind)) and any(
        field.name == "bytes" and _is_binary(field.type) for field in kind.fields
    )


def _is_plain(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or _is_binary(kind))


def _read(shard: Shard, columns: _Columns, start: int) -> Iterator[SourceImage]:
    """Yield the rows of one file from `start` on; row groups before it are not read."""
    row = 0
    with shard.path.open("rb") as pages, _opened(shard.path, pages) as file:
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
    file: pq.ParquetFile, pages: IO[bytes], group: Sequence[Fields], columns: _Columns
) -> int:
    """Return how many rows of a group may be unpacked at once; raise ValueError for none."""
    row_bytes = max(largest_row_bytes(pages, one, _held(file, columns)) for one in group or [{}])
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(row_bytes, 1)))


def _held(file: pq.ParquetFile, columns: _Columns) -> list[str]:
    wanted = [columns.image, columns.label, columns.owner, *columns.others]
    return [name for name in wanted if name and name in file.schema_arrow.names]


def _group(
    file: pq.ParquetFile, group: int, columns: _Columns, start: int, size: int
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


def _image(name: str, values: Mapping[str, Any], columns: _Columns) -> SourceImage:
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


def _as_text(column: str | None, values: Mapping[str, Any], columns: _Columns) -> str:
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
