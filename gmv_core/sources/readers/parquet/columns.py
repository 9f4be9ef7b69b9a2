"""Which column of a Parquet file holds the images, and which ones speak of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Place
from gmv_core.sources.tables.cells import MAX_COLUMNS, listed_columns
from gmv_core.sources.tables.titles import LABEL_COLUMNS

_IMAGE_COLUMNS = ("image", "img", "images", "jpg", "png", "image_bytes", "bytes", "content", "data")


@dataclass(frozen=True)
class Columns:
    """Which column is what, and the class names of the label column ([]: none known)."""

    image: str
    label: str | None
    owner: str | None
    others: tuple[str, ...]
    class_names: Mapping[str, list[str]]


def columns_of(schema: pa.Schema, path: Place) -> Columns:
    """Return which column is what; raise SourceError where none holds images."""
    features = _features(schema)
    named = [name for name, feature in features.items() if feature.get("_type") == "Image"]
    structs = [field.name for field in schema if _is_image_struct(field.type)]
    binary = [field.name for field in schema if _is_binary(field.type)]
    held = [name for name in dict.fromkeys([*named, *structs, *binary]) if name in schema.names]
    if not held:
        raise SourceError(
            f"{path.name} has no column of images (columns: {listed_columns(schema.names)}); "
            "store the bytes of image files in a column named image."
        )
    usual = [name for name in _IMAGE_COLUMNS if name in held]
    image = named[0] if named and named[0] in held else (usual or held)[0]
    plain = [field.name for field in schema if field.name != image and _is_plain(field.type)]
    if len(plain) > MAX_COLUMNS:
        raise SourceError(
            f"{path.name} has {len(plain):,} columns beside the images, more than the limit of "
            f"{MAX_COLUMNS:,}; keep those that describe the images."
        )
    class_names = {
        name: _names_in(feature)
        for name, feature in features.items()
        if feature.get("_type") == "ClassLabel"
    }
    labels = [name for name in LABEL_COLUMNS if name in plain]
    labels += [name for name in class_names if name in plain]
    label, owner = labels[0] if labels else None, "owner" if "owner" in plain else None
    others = tuple(name for name in plain if name not in (label, owner))
    return Columns(image, label, owner, others, class_names)


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
