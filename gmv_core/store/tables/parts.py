"""Rows of a table that one process writes and another commits, so that many machines write one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from gmv_core.errors import WorkspaceError
from gmv_core.store.access import Right, require
from gmv_core.store.tables.digests import with_digests
from gmv_core.store.tables.table import MERGED_COMMITS, Table


@dataclass(frozen=True)
class Part:
    """Rows that lie in a table's folder and that no reader sees yet.

    files: what Lance says of each file with some of them, as JSON. first, count: their ids.
    """

    files: tuple[str, ...]
    schema: pa.Schema
    first: int
    count: int


def write_part(table: Table, rows: pa.Table) -> Part:
    """Write rows beside a table's own; any number of processes may do so at once."""
    require(Right.EDIT, "writing a table")
    from lance.fragment import write_fragments

    known = table.columns()
    rows = with_digests(rows)
    if known:
        rows = rows.select([name for name in rows.column_names if name in known])
    mode = "append" if known else "create"
    try:
        written = write_fragments(rows, str(table.path), mode=mode, **table.reached)
    except OSError:
        if known or not table.columns():
            raise
        return write_part(table, rows)  # the first rows were committed meanwhile
    files = tuple(json.dumps(fragment.to_json()) for fragment in written)
    return Part(files, rows.schema, rows["id"][0].as_py(), len(rows))


def append_parts(table: Table, parts: Sequence[Part]) -> None:
    """Add the rows of parts in one commit, in that order.

    Raises WorkspaceError where they are not the next rows of the table, as those that another
    process committed meanwhile, or that were added before: Lance would take them twice.
    """
    import lance

    table.confirm()
    from lance.fragment import FragmentMetadata

    files = [FragmentMetadata.from_json(file) for part in parts for file in part.files]
    dataset = table.open()
    rows = 0 if dataset is None else dataset.count_rows()
    for part in parts:
        if part.first != rows:
            raise WorkspaceError(
                f"{table.path} has {rows:,} rows where row {part.first:,} was to be added; another "
                "process wrote it meanwhile: give the same command again."
            )
        rows += part.count
    if dataset is None:
        first = lance.LanceOperation.Overwrite(parts[0].schema, files)
        committed = lance.LanceDataset.commit(str(table.path), first, **table.reached)
    else:
        append = lance.LanceOperation.Append(files)
        committed = lance.LanceDataset.commit(
            str(table.path), append, read_version=dataset.version, **table.reached
        )
    if committed.version % MERGED_COMMITS == 0:
        table.tidy(shared=True)
