"""Tables from someone who means harm: a few bytes of Parquet that unpack to gigabytes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from gmv_core.audit.checking.verify import verify
from gmv_core.audit.form import SCHEMAS
from tests.audit.checking.conftest import rebuilt, told

MANY = 2_000_000


def column(kind: pa.DataType, count: int) -> pa.Array:
    if kind == pa.string():
        return pa.nulls(count, kind)
    return pa.array(np.zeros(count), kind) if pa.types.is_primitive(kind) else pa.nulls(count, kind)


def packed(table: str, count: int, **columns: pa.Array) -> bytes:
    """A table of so many equal rows, which Parquet packs into next to nothing."""
    schema = SCHEMAS[table]
    arrays = [columns.get(field.name, column(field.type, count)) for field in schema]
    file = io.BytesIO()
    pq.write_table(pa.table(arrays, names=schema.names), file, compression="zstd",
                   row_group_size=MANY, store_schema=False)  # fmt: skip
    return file.getvalue()


def test_more_rows_than_a_file_has_are_not_read(archive: Path) -> None:
    data = packed("values", MANY)
    assert len(data) < 200_000
    rebuilt(archive, "tables/values/00000.parquet", lambda _: data)
    assert f"has {MANY:,} rows" in told(verify(archive))


def test_one_long_text_named_by_each_row_is_not_unpacked(archive: Path) -> None:
    rows, long = 20_000, pa.array(["x" * 1_000_000])
    name = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), long)
    data = packed("training", rows, name=name)
    assert len(data) < 100_000
    rebuilt(archive, "tables/training/00000.parquet", lambda _: data)
    assert "20,000,000,000 bytes of text" in told(verify(archive))


def test_a_list_of_too_many_values_is_not_read(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmv_core.audit.checking.tables.MOST_VALUES", MANY - 1)
    lists = pa.ListArray.from_arrays(pa.array([0, MANY], pa.int32()), pa.array(np.zeros(MANY)))
    lists = lists.cast(SCHEMAS["candidates"].field("candidates").type)
    data = packed("candidates", 1, candidates=lists)
    rebuilt(archive, "tables/candidates/00000.parquet", lambda _: data)
    assert "unpacks to more than any that is written" in told(verify(archive))
