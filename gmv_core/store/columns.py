"""The columns of a set's tables, and the way from records to rows and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.errors import SettingsError
from gmv_core.images.decode import pixels_of
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, DecodedImage, Float32, Int8, Int64, SourceImage, UInt8

IMAGES = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("status", pa.string()),
        ("label", pa.string()),
        ("owner", pa.string()),
        ("attributes", pa.string()),  # a JSON object
        ("sha256", pa.string()),
        ("size_bytes", pa.int64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("is_grey", pa.bool_()),
        ("low", pa.float32()),
        ("high", pa.float32()),
        ("mean", pa.float32()),
        ("preview", pa.large_binary()),
        ("note", pa.string()),  # sets of earlier versions have none
    ]
)


def image_rows(start: int, pairs: Sequence[tuple[SourceImage, DecodedImage]]) -> pa.Table:
    """Return one row an image, ids from `start` on."""
    rows = []
    for i, (image, decoded) in enumerate(pairs):
        rows.append(
            {
                "id": start + i,
                "name": image.name,
                "status": decoded.status,
                "label": image.label,
                "owner": image.owner,
                "attributes": json.dumps(dict(image.attributes), ensure_ascii=False)
                if image.attributes
                else "",
                "sha256": decoded.sha256,
                "size_bytes": decoded.size_bytes,
                "width": decoded.width,
                "height": decoded.height,
                "is_grey": decoded.is_grey,
                "low": decoded.low,
                "high": decoded.high,
                "mean": decoded.mean,
                "preview": decoded.preview,
                "note": decoded.note,
            }
        )
    return pa.Table.from_pylist(rows, schema=IMAGES)


def embedding_rows(start: int, vectors: Float32, sketches: Int8 | None) -> pa.Table:
    """Return one row an image: the vector in half precision and the sketch of its features."""
    columns = {
        "id": pa.array(np.arange(start, start + len(vectors))),
        "vector": fixed(vectors.astype(np.float16)),
    }
    if sketches is not None:
        columns["features"] = fixed(sketches)
    return pa.table(columns)


def fixed(array: np.ndarray) -> pa.Array:
    """Return an (n, d) array as a fixed-size-list column."""
    return pa.FixedSizeListArray.from_arrays(pa.array(array.ravel()), array.shape[1])


def matrix(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Return a fixed-size-list column as an (n, d) array."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    flat: np.ndarray = column.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(column), column.type.list_size)


def vectors_of(embeddings: Table, rows: Int64) -> Float32:
    """Return the stored vectors of rows, (c, d) float32. A rejected image's vector is zero."""
    return matrix(embeddings.take(rows, ["vector"])["vector"]).astype(np.float32)


def vector_blocks(embeddings: Table, size: int = 8192) -> Iterator[tuple[Int64, Float32]]:
    """Yield (row ids, vectors) of all images that are not rejected, block by block."""
    for batch in embeddings.batches(["id", "vector"], size=size):
        vectors = matrix(batch["vector"]).astype(np.float32)
        there = vectors.any(axis=1)
        yield batch["id"].to_numpy()[there], vectors[there]


def all_vectors(embeddings: Table) -> tuple[Int64, Float32]:
    """Return the ids and vectors of all images that are not rejected, in memory."""
    blocks = list(vector_blocks(embeddings))
    if not blocks:
        return np.empty(0, np.int64), np.empty((0, 1), np.float32)
    return np.concatenate([b[0] for b in blocks]), np.concatenate([b[1] for b in blocks])


def previews_of(images: ImageSet, rows: Int64) -> list[UInt8]:
    """Return the stored previews of rows decoded, each (h, w, 3) uint8."""
    stored = images.images.take(rows, ["preview", "status"])
    return [
        pixels_of(preview) if status == OK else np.zeros((1, 1, 3), np.uint8)
        for preview, status in zip(
            stored["preview"].to_pylist(), stored["status"].to_pylist(), strict=True
        )
    ]


def sample_rows(images: ImageSet, count: int) -> Int64:
    """Return the ids of images that were not rejected, evenly over the set."""
    return spread_rows(kept_rows(images), count)


def spread_rows(rows: Int64, count: int) -> Int64:
    """Return at most so many rows, evenly among those that are given."""
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(np.int64)
    spread: Int64 = rows[places]
    return spread


def previews(images: ImageSet, rows: Int64) -> list[bytes]:
    """Return stored previews, encoded; of a rejected image what can be seen of it, or b""."""
    return list(images.images.take(rows, ["preview"])["preview"].to_pylist())


def row_named(images: ImageSet, name: str) -> int | None:
    """Return the row of an image by its name, or its file name where that is unique, else None."""
    names = images.images.read(["name"])["name"]
    found = pc.equal(names, name)
    if not pc.any(found).as_py() and "/" not in name:
        found = pc.ends_with(names, pattern=f"/{name}")
    rows = np.flatnonzero(found.to_numpy())
    return int(rows[0]) if len(rows) == 1 else None


def statuses(images: ImageSet) -> np.ndarray:
    """Return which images were not rejected, (n,) bool."""
    fine: np.ndarray = pc.equal(images.images.read(["status"])["status"], OK).to_numpy()
    return fine.copy()


def kept_rows(images: ImageSet, without: Collection[int] = ()) -> Int64:
    """Return the rows that were neither rejected nor are left out."""
    rows = np.flatnonzero(statuses(images))
    return rows[~np.isin(rows, list(without))] if without else rows


def labels_of(images: ImageSet) -> np.ndarray:
    """Return every image's label, (n,) of objects, "" for none."""
    return _texts(images.images.read(["label"])["label"], str.strip)


def attributes(images: ImageSet) -> dict[str, list[str]]:
    """Return each attribute column's value of every image, in small letters, "" for none."""
    return {
        column: [text.casefold() for text in texts] for column, texts in _attribute_columns(images)
    }


def attribute_values(images: ImageSet) -> dict[str, set[str]]:
    """Return each attribute column's values, in small letters, "" among them where one has none."""
    known, codes = _attribute_rows(images)
    columns = sorted({column for row in known for column in row})
    if -1 in codes:
        known = [*known, {}]
    return {c: {row.get(c, "").strip().casefold() for row in known} for c in columns}


def groups_of(images: ImageSet, by: str) -> np.ndarray:
    """Return the group of every image, (n,) of objects, "" for none.

    by: "owner", "label", or an attribute. Raises SettingsError for what the set does not know.
    """
    if by in ("owner", "label"):
        return _texts(images.images.read([by])[by])
    found = dict(_attribute_columns(images, [by]))
    if not any(found[by]):
        known = ", ".join(attribute_values(images)) or "none"
        raise SettingsError(
            f"The set {images.name!r} has no column {by!r}; besides owner and label it has {known}."
        )
    return np.array(found[by], object)


def _texts(column: pa.ChunkedArray, change: Callable[[str], str] = lambda text: text) -> np.ndarray:
    """Return a column's texts as objects, "" for none; `change` sees each distinct one once."""
    codes = column.combine_chunks().dictionary_encode()
    distinct = [change(text) for text in codes.dictionary.to_pylist()]
    texts: np.ndarray = np.array([*distinct, ""], object)[codes.indices.fill_null(-1).to_numpy()]
    return texts


def _attribute_columns(
    images: ImageSet, columns: Sequence[str] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Yield attribute columns, all in alphabetical order if none are named, "" for none."""
    known, codes = _attribute_rows(images)
    for column in columns or sorted({column for row in known for column in row}):
        # Of the distinct rows, which are few, and then of each image's: -1 is the one without any.
        values = [*(row.get(column, "").strip() for row in known), ""]
        yield column, np.array(values, object)[codes].tolist()


def _attribute_rows(images: ImageSet) -> tuple[list[dict[str, str]], Int64]:
    """Return the distinct rows of attributes, and which one each image has, -1 for none."""
    texts = images.images.read(["attributes"])["attributes"].combine_chunks().dictionary_encode()
    known = [json.loads(text or "{}") for text in texts.dictionary.to_pylist()]
    return known, texts.indices.fill_null(-1).to_numpy().astype(np.int64)
