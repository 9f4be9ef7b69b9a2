"""A table: rows in, rows out, in order; files and versions that do not pile up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmv_core.errors import WorkspaceError
from gmv_core.store.tables.table import Table
from tests.fakes import rows_of


def numbers(first: int, count: int) -> pa.Table:
    ids = np.arange(first, first + count)
    return pa.table({"id": ids, "square": ids**2})


def test_a_table_grows_is_cut_and_is_dropped(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.lance")
    assert len(table) == 0
    assert list(table.batches(["id"])) == []
    table.append(numbers(0, 5))
    table.append(numbers(5, 5))
    assert len(table) == 10
    table.cut(7)
    table.cut(9)  # longer than it is: nothing to do
    table.append(numbers(7, 2))
    assert rows_of(table)["square"].to_pylist() == [i**2 for i in range(9)]
    table.drop()
    assert len(table) == 0
    table.drop()
    table.append(numbers(0, 2))
    assert len(table) == 2
    table.write(numbers(0, 3))
    assert len(table) == 3


def test_rows_come_in_the_order_asked_for_with_repeats(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.lance")
    for first in (0, 4, 8):
        table.append(numbers(first, 4))
    taken = table.take(np.array([9, 0, 9, 5]), ["square"])
    assert taken["square"].to_pylist() == [81, 0, 81, 25]
    assert table.take(np.empty(0, np.int64), ["id"]).num_rows == 0


@pytest.mark.parametrize("start", [0, 3, 11, 12, 40])
def test_batches_come_in_order_from_any_row(tmp_path: Path, start: int) -> None:
    table = Table(tmp_path / "t.lance")
    for first in (0, 4, 8):
        table.append(numbers(first, 4))
    batches = list(table.batches(["id"], start=start, size=5))
    assert [i for b in batches for i in b["id"].to_pylist()] == list(range(start, 12))
    assert all(0 < len(batch) <= 5 for batch in batches)


def test_tidying_merges_files_and_keeps_the_rows(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.lance")
    for first in range(0, 12, 3):
        table.append(numbers(first, 3))
    table.cut(10)
    before = rows_of(table)
    table.tidy()
    assert rows_of(table).equals(before)
    dataset = table.open()
    assert dataset is not None
    assert len(dataset.get_fragments()) == 1
    assert len(dataset.versions()) == 1
    version = dataset.version
    table.tidy()  # a tidy table is left alone
    assert table.open().version == version
    assert table.take(np.array([9, 2]), ["id"])["id"].to_pylist() == [9, 2]


def test_files_and_versions_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmv_core.store.tables.table.MERGED_COMMITS", 4)
    monkeypatch.setattr("gmv_core.store.tables.table.FILE_ROWS", 6)
    table, most = Table(tmp_path / "t.lance"), 0
    for first in range(0, 60, 2):
        table.append(numbers(first, 2))
        most = max(most, len(table.open().versions()))
    assert rows_of(table)["id"].to_pylist() == list(range(60))
    assert most <= 7, "its own versions of one merging and the commits since"
    counts = [fragment.count_rows() for fragment in table.open().get_fragments()]
    assert len(counts) <= 10 and max(counts) <= 12, "a full file is not merged again"


@pytest.mark.parametrize("left", ["", "data", "_versions", "_transactions"])
def test_a_first_append_that_was_killed_counts_for_nothing(tmp_path: Path, left: str) -> None:
    table = Table(tmp_path / "t.lance")
    (table.path / left).mkdir(parents=True)
    (table.path / left / "half-written").write_bytes(b"\0" * 10)
    assert len(table) == 0
    table.append(numbers(0, 3))
    assert rows_of(table)["id"].to_pylist() == [0, 1, 2]


def test_a_missing_table_is_a_sentence(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.lance")
    for read in (lambda: table.read(["id"]), lambda: table.take(np.array([0]), ["id"])):
        with pytest.raises(WorkspaceError, match=r"t\.lance .*is missing; give the same build"):
            read()
