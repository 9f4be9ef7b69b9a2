"""Parts become the next rows of a table, once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from gmv_core.errors import WorkspaceError
from gmv_core.store.tables.damage import damage_of
from gmv_core.store.tables.parts import Part, append_parts, write_part
from gmv_core.store.tables.table import Table


def part(table: Table, *rows: int) -> Part:
    return write_part(table, pa.table({"id": rows}))


@pytest.fixture
def table(tmp_path: Path) -> Table:
    table = Table(tmp_path / "some.lance")
    append_parts(table, [part(table, 0, 1), part(table, 2)])
    return table


def test_parts_come_in_their_order(table: Table) -> None:
    append_parts(table, [part(table, 3), part(table, 4, 5)])
    assert table.read(["id"])["id"].to_pylist() == list(range(6))
    assert not damage_of(table)


def test_no_part_is_committed_twice_or_beside_anothers(table: Table) -> None:
    mine, anothers = part(table, 3), part(table, 3, 4)
    append_parts(table, [anothers])
    for late in ([mine], [anothers], [part(table, 5), anothers], [part(table, 6)]):
        with pytest.raises(WorkspaceError, match=r"has [56] rows where row \d was to be added"):
            append_parts(table, late)
    assert table.read(["id"])["id"].to_pylist() == list(range(5))


def test_a_part_is_written_where_the_first_rows_are_committed_meanwhile(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, asked = Table.columns, []

    def late(self: Table) -> list[str]:
        asked.append(self)
        return [] if len(asked) == 1 else columns(self)

    monkeypatch.setattr(Table, "columns", late)
    append_parts(table, [part(table, 3)])
    assert table.read(["id"])["id"].to_pylist() == list(range(4))


def test_a_table_opens_where_the_first_rows_are_committed_while_it_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists, table = Table.exists, Table(tmp_path / "some.lance")
    first = part(table, 0, 1)

    def meanwhile(self: Table) -> bool:
        monkeypatch.setattr(Table, "exists", exists)
        append_parts(table, [first])
        return self.exists()

    monkeypatch.setattr(Table, "exists", meanwhile)
    assert "id" in table.columns()
