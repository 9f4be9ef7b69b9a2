"""Parquet files with image bytes, as Hugging Face writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gmv_core.errors import SourceError
from gmv_core.sources.source import Source, files_digest, too_large
from gmv_core.types import SourceImage

_IMAGE_COLUMNS = ("image", "img", "images", "jpg", "png", "image_bytes", "bytes", "content", "data")
_LABEL_COLUMNS = ("label", "labels", "class", "category", "target", "cls")
_BATCH_ROWS = 64


@dataclass(frozen=True)
class _Columns:
    """Which column is what, and the class names of the label column ([]: none known)."""

    image: str
    label: str | None
    owner: str | None
    others: tuple[str, ...]
    class_names: Mapping[str, list[str]]


def open_parquet(paths: Sequence[Path]) -> Source:
    """Open one Parquet file, or several with the same columns in the order given.

    The images are the column that the Hugging Face metadata names, else a struct with `bytes`, else
    a binary column. Other plain columns become attributes.

    Raises:
        SourceError: if a file is broken or has no column of images.
    """
    files = [_opened(path) for path in paths]
    columns = _columns(files[0].schema_arrow, paths[0])
    for path, file in zip(paths, files, strict=True):
        missing = {columns.image} - set(file.schema_arrow.names)
        if missing:
            raise SourceError(
                f"{path.name} has no column {columns.image!r}, unlike {paths[0].name}; "
                "give files of one data set."
            )
    counts = [int(file.metadata.num_rows) for file in files]
    for file in files:
        file.close()
    if not sum(counts):
        raise SourceError(f"{paths[0].name} has 0 rows; give a file with images.")

    def read(start: int) -> Iterator[SourceImage]:
        for path, rows in zip(paths, counts, strict=True):
            if start < rows:
                yield from _read(path, columns, start)
            start = max(0, start - rows)

    location = paths[0] if len(paths) == 1 else paths[0].parent
    return Source("parquet", str(location), None, sum(counts), {}, files_digest(paths), read)


def _opened(path: Path) -> pq.ParquetFile:
    try:
        # pre_buffer, the default, would read all row groups into memory at once.
        file = pq.ParquetFile(path, pre_buffer=False)
        _ = file.schema_arrow, file.metadata  # read now, so that damage shows here
        return file
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(
            f"{path.name} is a broken or cut-off Parquet file ({_reason(error)}); "
            "make or download it again."
        ) from error


def _reason(error: Exception) -> str:
    """Return the first sentence of an Arrow message."""
    return " ".join(str(error).split()).partition(". ")[0].rstrip(".")


def _columns(schema: pa.Schema, path: Path) -> _Columns:
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
        name: list(feature.get("names") or [])
        for name, feature in features.items()
        if feature.get("_type") == "ClassLabel"
    }
    labels = [name for name in _LABEL_COLUMNS if name in plain]
    labels += [name for name in class_names if name in plain]
    label, owner = labels[0] if labels else None, "owner" if "owner" in plain else None
    others = tuple(name for name in plain if name not in (label, owner))
    return _Columns(image, label, owner, others, class_names)


def _features(schema: pa.Schema) -> dict[str, dict[str, Any]]:
    """Return what the Hugging Face metadata says of each column, {} without such metadata."""
    try:
        described = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return {name: feature for name, feature in described.items() if isinstance(feature, dict)}


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    )


def _is_image_struct(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind)) and any(
        field.name == "bytes" and _is_binary(field.type) for field in kind.fields
    )


def _is_plain(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or _is_binary(kind))


def _read(path: Path, columns: _Columns, start: int) -> Iterator[SourceImage]:
    """Yield the rows of one file from `start` on; row groups before it are not read."""
    row, groups = 0, list[int]()
    with _opened(path) as file:
        metadata = file.metadata
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            if groups or row + rows > start:
                groups.append(group)
            else:
                row += rows
        wanted = [columns.image, columns.label, columns.owner, *columns.others]
        held = [name for name in wanted if name in file.schema_arrow.names]
        try:
            for batch in file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=held):
                for values in batch.slice(max(0, start - row)).to_pylist():
                    yield _image(f"{path.stem}/{max(row, start):06d}", values, columns)
                    row = max(row, start) + 1
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            for number in range(max(row, start), metadata.num_rows):
                broken = f"the file is broken before this row ({_reason(error)})"
                yield SourceImage(f"{path.stem}/{number:06d}", b"", error=broken)


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
    if column is None or value is None:
        return ""
    names = columns.class_names.get(column)
    if names and isinstance(value, int):
        return str(names[value]) if 0 <= value < len(names) else ""
    return str(value)
