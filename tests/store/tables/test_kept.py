"""What is kept for one answer: opened once, read once, bounded, and not to be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
import pytest

from gmv_core.errors import WorkspaceError
from gmv_core.store.tables import kept as kept_module
from gmv_core.store.tables.kept import Kept
from gmv_core.store.tables.table import Table
from tests.fakes import count_opened

ROWS = pa.table({"id": range(10), "name": [f"{i}.png" for i in range(10)], "x": np.arange(10) / 2})


@pytest.fixture
def plain(tmp_path: Path) -> Table:
    table = Table(tmp_path / "some.lance")
    table.append(ROWS)
    return table


@pytest.fixture
def table(plain: Table) -> Table:
    return Table(plain.path, Kept())


def test_it_answers_as_the_table_does(plain: Table, table: Table) -> None:
    for _ in range(2):
        assert table.read(["name"]).equals(plain.read(["name"]))
        assert table.read(["x", "name"], further=["none", "id"]).equals(
            plain.read(["x", "name"], further=["none", "id"])
        )
        rows = np.array([7, 0, 7])
        assert table.take(rows, ["name", "x"]).equals(plain.take(rows, ["name", "x"]))
        for start, size in ((0, 4), (3, 4), (0, 100), (10, 4)):
            assert list(table.batches(["x"], start=start, size=size)) == list(
                plain.batches(["x"], start=start, size=size)
            )
        assert len(table) == 10 and table.columns() == plain.columns()


def test_it_is_opened_once_and_each_column_is_read_once(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, read = count_opened(monkeypatch), list[str]()
    to_table = lance.LanceDataset.to_table

    def noting(self: Any, columns: list[str], **given: Any) -> pa.Table:  # noqa: ANN401
        read.extend(columns)
        return to_table(self, columns=columns, **given)

    monkeypatch.setattr(lance.LanceDataset, "to_table", noting)
    for columns in (["name"], ["x", "name"], ["name", "id"], ["id", "x"]):
        table.read(columns)
    assert sorted(read) == ["id", "name", "x"] and opened.total() == 1


def test_a_table_that_comes_to_be_is_seen(tmp_path: Path) -> None:
    plain, table = Table(tmp_path / "new.lance"), Table(tmp_path / "new.lance", Kept())
    assert table.columns() == [] and len(table) == 0 and list(table.batches(["x"])) == []
    plain.append(ROWS)
    assert len(table) == 10 and len(list(table.batches(["x"]))) == 1


def test_what_has_no_room_is_read_again(
    plain: Table, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_module, "MOST_BYTES", ROWS["name"].nbytes + 20)
    for _ in range(2):
        assert table.read(["name", "x"]).equals(plain.read(["name", "x"]))
    assert table.kept is not None
    assert table.kept.known(table.path, ["name"]) is None
    table.read(["name"])
    assert table.kept.known(table.path, ["name"]) is not None
    assert table.kept.known(table.path, ["x"]) is None
    for _ in range(2):
        batches = list(table.batches(["x"], size=4))
        assert batches == list(plain.batches(["x"], size=4)) and len(batches) == 3


def test_batches_that_were_not_read_to_their_end_are_read_anew(table: Table) -> None:
    assert next(table.batches(["x"], size=4)).num_rows == 4
    assert sum(batch.num_rows for batch in table.batches(["x"], size=4)) == 10


def test_a_column_that_was_read_where_there_is_one_is_missed_where_it_is_needed(
    table: Table,
) -> None:
    assert next(table.batches(["x"], further=["none"])).num_columns == 1
    list(table.batches(["x"], further=["none"]))
    with pytest.raises(WorkspaceError):
        list(table.batches(["x", "none"]))


def test_it_cannot_be_written(plain: Table, table: Table) -> None:
    for write in (table.append, table.write):
        with pytest.raises(AssertionError):
            write(ROWS)
    assert len(plain) == 10
