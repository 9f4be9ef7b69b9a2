"""A digest of each row, kept beside it: whatever changes a stored row shows, down to one bit.

It finds what disks and copies do, not what a person wants to hide: who can write the table can
write its digests. Every step can be undone by itself, so rows that differ in one word never agree:
the last step of splitmix64 (Steele, Lea and Flood, OOPSLA 2014), word by word.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

DIGEST = "digest"
_Words = NDArray[np.uint64]
_MISSING = 0x9E3779B97F4A7C15


def with_digests(rows: pa.Table) -> pa.Table:
    """Return the rows with their digests in a column of their own."""
    rows = rows.select([name for name in rows.column_names if name != DIGEST])
    return rows.append_column(DIGEST, pa.array(row_digests(rows).view(np.int64)))


def row_digests(rows: pa.Table) -> _Words:
    """Return the digest of each row, (n,), over all columns but that of the digests."""
    total = np.zeros(len(rows), np.uint64)
    for name in sorted(set(rows.column_names) - {DIGEST}):
        column = rows[name].combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # of no chunk at all
            continue
        for words in _words(column):
            total = _mixed(total ^ words)
    return total


def _words(column: pa.Array) -> list[_Words]:
    """Return what stands for a column in each row, as one or more words."""
    there = np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
    kind = column.type
    if pa.types.is_fixed_size_list(kind):
        flat = column.flatten().to_numpy(zero_copy_only=False)
        return _of_bytes(flat.reshape(len(column), kind.list_size))
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = column.fill_null(pa.scalar(0, pa.int8()).cast(kind))
        numbers = values.to_numpy(zero_copy_only=False).reshape(-1, 1)
        words = _of_bytes(numbers.astype(np.uint8) if numbers.dtype == bool else numbers)
    else:
        words = [np.array([_of_cell(cell) for cell in column.to_pylist()], np.uint64)]
    return [np.where(there, word, np.uint64(_MISSING)) for word in words]


def _of_bytes(rows: NDArray[np.generic]) -> list[_Words]:
    """Return the bytes of each row of an (n, k) array, eight at a time."""
    data = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
    padded = np.zeros((len(data), -(-data.shape[1] // 8) * 8), np.uint8)
    padded[:, : data.shape[1]] = data
    return list(padded.view(np.uint64).T)


def _of_cell(cell: object) -> int:
    data = cell if isinstance(cell, bytes) else str(cell).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def _mixed(words: _Words) -> _Words:
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: _Words = words ^ (words >> np.uint64(31))
    return mixed
