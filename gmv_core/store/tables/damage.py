"""What is wrong with a table on disk, told by the digests of its rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gmv_core.errors import DamagedError
from gmv_core.store.remote.objects import ObjectPath, is_unreachable, unreachable
from gmv_core.store.tables.digests import DIGEST, row_digests
from gmv_core.store.tables.table import Table, is_panic


def damage_of(table: Table) -> list[str]:
    """Return in sentences what is wrong with a table, read to its end; none where it is sound.

    A table of an earlier version has no digests: of it only that it can be read is told.
    """
    at = 0
    try:
        dataset = table.open()
        if dataset is None:
            return [f"The table {table.called} is missing."]
        for batch in dataset.to_batches(batch_size=1024, scan_in_order=True):
            rows = pa.Table.from_batches([batch])
            wrong = _changed(rows, at)
            if wrong.any():
                places = np.flatnonzero(wrong)
                return [
                    f"The table {table.called} has changed since it was written: row "
                    f"{at + int(places[0]):,}, and {len(places) - 1:,} of the next "
                    f"{len(rows) - int(places[0]) - 1:,}."
                ]
            at += len(rows)
    except DamagedError as error:  # it cannot be opened
        return [str(error)]
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, pa.ArrowException) as error:
        if isinstance(table.path, ObjectPath) and is_unreachable(error):
            raise unreachable(table.path, error) from error
        return [str(table.damaged(error))]
    except BaseException as error:
        if not is_panic(error):
            raise
        return [str(table.damaged(RuntimeError(str(error))))]
    return []


def is_sound(table: Table) -> bool:
    """Return whether a table is there, and each row of it is what was written.

    On an object store, which keeps checksums of its own, only whether it can be opened.
    """
    if not isinstance(table.path, ObjectPath):
        return table.exists() and not damage_of(table)
    try:
        return table.open() is not None
    except DamagedError:
        return False


def drop_damaged(table: Table) -> bool:
    """Delete a table that has changed on disk and can be made again; return whether it had."""
    damaged = table.path.exists() and not is_sound(table)
    if damaged:
        table.drop()
    return damaged


def _changed(rows: pa.Table, start: int) -> np.ndarray:
    """Return which rows have another id or digest than was written, (n,) bool; ids from `start`."""
    wrong = np.zeros(len(rows), bool)
    if "id" in rows.column_names:
        wrong |= rows["id"].to_numpy() != np.arange(start, start + len(rows))
    if DIGEST in rows.column_names:
        wrong |= row_digests(rows).view(np.int64) != rows[DIGEST].to_numpy()
    return wrong
