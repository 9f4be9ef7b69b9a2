"""The pages of a Parquet file as they announce themselves, read before any of them is unpacked.

Arrow takes the size that a page's header gives and allocates it, whatever the file's own metadata
says; so the headers are looked at first. They and the metadata are Thrift's compact protocol. It is
read here, for Arrow's own view of damaged metadata ends the process.
Formats: https://github.com/apache/parquet-format, parquet.thrift, and Apache Thrift's
doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import IO, Any

from gmv_core.sources.source import LARGE_BYTES, too_large

Fields = dict[int, Any]  # of an object: by number, as parquet.thrift has them
_HEADER_BYTES = 1 << 16  # of a page: there may be statistics in it
_DEEPEST = 16
_MOST_VALUES = 5_000_000  # of all objects together: a byte may announce one
_USED = frozenset([1, 2, 3, 4, 7, 9, 11])  # the numbers of fields that are looked at here
_DAMAGED = "its metadata is damaged"


def row_groups(file: IO[bytes]) -> list[Fields]:
    """Return the RowGroup objects of an open Parquet file, [] where its metadata is damaged."""
    size_bytes = file.seek(0, 2)
    file.seek(max(0, size_bytes - 8))
    footer_bytes = int.from_bytes(file.read(4), "little")
    file.seek(max(0, size_bytes - 8 - footer_bytes))
    try:
        groups = _object(file.read(footer_bytes))[0].get(4)
    except ValueError:
        return []
    return (
        [group for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []
    )


def largest_row_bytes(file: IO[bytes], group: Fields, columns: Collection[str]) -> int:
    """Return how much the values of one row of a row group can take at most, once unpacked.

    columns: those that are read, by the name of the whole column. No value is larger than its page.
    Raises ValueError for a page that unpacks to more than it should, or that is damaged.
    """
    row_bytes = 0
    try:
        for chunk in group[1]:
            column = chunk[3]
            if column[3][0].decode() in columns:
                first = min(column[9], column.get(11) or column[9])  # a dictionary comes before
                row_bytes += max(_page_sizes(file, first, first + column[7]), default=0)
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError):
        raise ValueError(_DAMAGED) from None
    if row_bytes > LARGE_BYTES:
        raise ValueError(f"its pages unpack to {row_bytes:,} bytes")
    return row_bytes


def _page_sizes(file: IO[bytes], at: int, end: int) -> list[int]:
    sizes = []
    while at < end:
        file.seek(at)
        header, length = _object(file.read(min(_HEADER_BYTES, end - at)))
        unpacked, packed = header[2], header[3]
        if unpacked < 0 or packed < 0 or at + length + packed > end:
            raise ValueError("a page's header is damaged")
        why = too_large(unpacked, packed)
        if why:
            raise ValueError(f"a page {why}")
        sizes.append(unpacked)
        at += length + packed
    return sizes


def _object(data: bytes) -> tuple[Fields, int]:
    """Return the object that some bytes begin with, and its length; raise ValueError for none."""
    try:
        return _struct(data, 0, 0, [_MOST_VALUES])
    except IndexError:
        raise ValueError(_DAMAGED) from None


def _struct(data: bytes, at: int, depth: int, left: list[int]) -> tuple[Fields, int]:
    """Return the used fields of an object. left: how many values may still be read."""
    found: Fields = {}
    number = 0
    while (kind := data[at] & 15) != 0:
        step, at = data[at] >> 4, at + 1
        if step:
            number += step
        else:
            number, at = _signed(data, at)
        value: Any = kind == 1  # a boolean field is its own value
        if kind not in (1, 2):
            value, at = _value(data, at, kind, depth, left)
        if number in _USED:
            found[number] = value
    return found, at + 1


def _value(data: bytes, at: int, kind: int, depth: int, left: list[int]) -> tuple[Any, int]:
    left[0] -= 1
    if depth > _DEEPEST or at >= len(data) or left[0] < 0:
        raise ValueError(_DAMAGED)
    match kind:
        case 1 | 2 | 3:
            return data[at], at + 1
        case 4 | 5 | 6:
            return _signed(data, at)
        case 7:
            return None, at + 8
        case 8:
            length, at = _unsigned(data, at)
            return data[at : at + length], at + length
        case 9 | 10:
            count, of, at = data[at] >> 4, data[at] & 15, at + 1
            if count == 15:
                count, at = _unsigned(data, at)
            items = []
            for _ in range(count):
                item, at = _value(data, at, of, depth + 1, left)
                items.append(item)
            return items, at
        case 12:
            return _struct(data, at, depth + 1, left)
        case _:  # maps and the like stand in no object that is read here
            raise ValueError(_DAMAGED)


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at += 1
        if not data[at - 1] & 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError(_DAMAGED)


def _signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at
