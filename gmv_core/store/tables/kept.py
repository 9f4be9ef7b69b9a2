"""What one answer reads of a workspace: each table is opened once, and each column read once.

On an object store every opening is two requests and every reading several, and one answer (a
comparison, a statement) asks for the same columns in a dozen places.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeVar

import pyarrow as pa

from gmv_core.store.remote.objects import Place

MOST_BYTES = 64_000_000  # of rows; what is beyond is read again
T = TypeVar("T")


class Kept:
    """What was read, for as long as one answer takes and no longer.

    What others write meanwhile is not seen, and who keeps tables so may not write them.
    """

    def __init__(self) -> None:
        self._once: dict[Hashable, Any] = {}
        self._columns: dict[tuple[Place, str], pa.ChunkedArray] = {}
        self._batches: dict[Hashable, list[pa.RecordBatch]] = {}
        self._bytes = 0

    def once(self, key: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer to a question that is asked once; None is no answer."""
        if key not in self._once:
            found = ask()
            if found is None:
                return found
            self._once[key] = found
        known: T = self._once[key]
        return known

    def known(self, path: Place, names: Sequence[str]) -> pa.Table | None:
        """Return columns of a table where all of them were read before."""
        if any((path, name) not in self._columns for name in names):
            return None
        return pa.table({name: self._columns[path, name] for name in names})

    def columns(
        self, path: Place, names: Sequence[str], read: Callable[[list[str]], pa.Table]
    ) -> pa.Table:
        """Return columns of a table. read: reads those that were not."""
        missing = [name for name in dict.fromkeys(names) if (path, name) not in self._columns]
        found = read(missing) if missing else pa.table({})
        if self._has_room(found.nbytes):
            self._columns.update({(path, name): found[name] for name in missing})
        return pa.table(
            {name: found[name] if name in missing else self._columns[path, name] for name in names}
        )

    def batches(
        self, key: Hashable, read: Callable[[], Iterator[pa.RecordBatch]]
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches; those that were read to their end and have room are not read again."""
        if key in self._batches:
            yield from self._batches[key]
            return
        found: list[pa.RecordBatch] | None = []
        size = 0
        for batch in read():
            size += batch.nbytes
            if found is not None and self._bytes + size <= MOST_BYTES:
                found.append(batch)
            else:
                found = None
            yield batch
        if found and self._has_room(size):  # a table without rows may come to be
            self._batches[key] = found

    def _has_room(self, size: int) -> bool:
        """Return whether so many bytes may be kept, and count them."""
        fits = self._bytes + size <= MOST_BYTES
        self._bytes += size if fits else 0
        return fits
