"""One Lance table, on disk or on an object store: whole batches in, rows and columns out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from gmv_core.errors import DamagedError, WorkspaceError
from gmv_core.store.access import Right, require
from gmv_core.store.files import is_full, remove
from gmv_core.store.remote.lease import confirm as confirm_lease
from gmv_core.store.remote.objects import (
    ObjectPath,
    Place,
    is_unreachable,
    storage_options,
    unreachable,
)
from gmv_core.store.tables.digests import DIGEST, with_digests
from gmv_core.store.tables.kept import Kept
from gmv_core.store.tables.with_values import with_values
from gmv_core.types import Int64

BATCH = 1024  # rows changed at once
# Each version lists all files: those of n commits would fill n² entries on disk, if none were
# forgotten and merged on the way. A file of so many rows is not copied again.
MERGED_COMMITS, FILE_ROWS = 128, 50_000
REPAIR = "give the same build or value again to repair it; `check` says what is damaged."
# Of its own accord Lance reads ahead up to 2 GB: 600 MB were held of 500 MB of vectors, now 390.
READ_AHEAD_BYTES = 32_000_000


@dataclass(frozen=True)
class Table:
    """One Lance table, appended to in whole batches. A table that was never written has 0 rows.

    kept: what is read of it for one answer; then it can only be read.
    """

    path: Place
    kept: Kept | None = field(default=None, compare=False, repr=False)

    def open(self, **caches: int) -> Any | None:  # noqa: ANN401  (lance ships no types)
        """Return the Lance dataset, None where nothing was written.

        caches: bytes that it may keep, as `lance.dataset` names them. Raises DamagedError where it
        cannot be opened, WorkspaceError where the store fails.
        """
        if self.kept is not None and not caches:
            return self.kept.once(self.path, self._opened)
        return self._opened(**caches)

    def _opened(self, **caches: int) -> Any | None:  # noqa: ANN401
        import lance

        try:
            with self._answered():
                return lance.dataset(str(self.path), **caches, **self.reached)
        except (OSError, ValueError, RuntimeError) as error:
            # Asked here, not first: each question to a store takes a while.
            if not self.exists():
                return None
            if not isinstance(error, ValueError):
                raise self.damaged(error) from error
        try:  # damaged, or another process committed the first rows between both questions
            with self._answered():
                return lance.dataset(str(self.path), **caches, **self.reached)
        except (OSError, ValueError, RuntimeError) as error:
            raise self.damaged(error) from error

    @property
    def reached(self) -> dict[str, Any]:
        """What Lance needs besides the place, to open or write."""
        if not isinstance(self.path, ObjectPath):
            return {}
        return {"storage_options": storage_options()}

    def _write(self, rows: Any, mode: str) -> Any:  # noqa: ANN401  (rows: a table, or a reader)
        import lance

        self.confirm()
        with self._answered():
            return lance.write_dataset(rows, str(self.path), mode=mode, **self.reached)

    def confirm(self) -> None:
        """Raise WorkspaceError where another process may be writing by now."""
        require(Right.EDIT, "writing a table")
        assert self.kept is None  # noqa: S101  (what is kept of it would be of before)
        if isinstance(self.path, ObjectPath):
            confirm_lease(self.path)

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Raise WorkspaceError where the object store fails, and not the table."""
        try:
            yield
        except (OSError, ValueError, RuntimeError) as error:
            if isinstance(self.path, ObjectPath) and is_unreachable(error):
                raise unreachable(self.path, error) from error
            raise

    def exists(self) -> bool:
        """Return whether a commit was ever finished; a killed first append leaves files without."""
        return any((self.path / "_versions").glob("*.manifest"))

    def columns(self) -> list[str]:
        """Return the names of the columns, none where nothing was written."""
        dataset = self.open()
        return [] if dataset is None else list(dataset.schema.names)

    def __len__(self) -> int:
        dataset = self.open()
        return 0 if dataset is None else int(dataset.count_rows())

    def append(self, rows: pa.Table) -> None:
        """Add rows in one commit, without columns that the table of an earlier version lacks."""
        rows, known = with_digests(rows), self.columns()
        if known:
            rows = rows.select([name for name in rows.column_names if name in known])
        written = self._write(rows, "append" if known else "create")
        if written.version % MERGED_COMMITS == 0:
            self.tidy()

    def write(self, rows: pa.Table) -> None:
        """Replace the whole table in one commit, also one that cannot be opened any more."""
        try:
            known = self.open() is not None
        except DamagedError:
            self.drop()
            known = False
        self._write(with_digests(rows), "overwrite" if known else "create")

    def rewrite(self, change: Callable[[pa.Table], pa.Table]) -> None:
        """Replace all rows by what `change` makes of them, batch by batch, in one commit.

        change: keeps the number of rows, their order and the columns. What was there before is
        deleted from the disk.
        """
        with self._readable() as dataset:
            names = dataset.schema.names

            def batches() -> Iterator[pa.RecordBatch]:
                for batch in dataset.to_batches(batch_size=1024, scan_in_order=True):
                    rows = change(pa.Table.from_batches([batch]))
                    rows = with_digests(rows) if DIGEST in names else rows
                    yield from rows.select(names).cast(dataset.schema).to_batches()

            reader = pa.RecordBatchReader.from_batches(dataset.schema, batches())
            self._write(reader, "overwrite")
        self.forget_versions()

    def cut(self, rows: int) -> None:
        """Drop what lies behind the first `rows` rows (ids are row numbers)."""
        self.confirm()
        self._sweep()
        dataset = self.open()
        if dataset is not None and dataset.count_rows() > rows:
            dataset.delete(f"id >= {rows}")

    def _sweep(self) -> None:
        """Delete what a killed writer left; only one process writes at a time."""
        if isinstance(self.path, ObjectPath):  # an object is there whole or not at all
            return
        for left in (self.path / "_versions").glob("*.tmp*"):
            left.unlink(missing_ok=True)
        for left in (self.path / "_versions").glob(".tmp*"):
            left.unlink(missing_ok=True)

    def drop(self) -> None:
        """Delete the table; it has 0 rows again."""
        self.confirm()
        if self.path.exists():
            remove(self.path, self.path.with_name(f".{self.path.name}.deleted"))

    def tidy(self, *, shared: bool = False) -> None:
        """Merge the small files that appending left, and forget older versions.

        shared: others write parts of it meanwhile (parts.py), which no version has yet.
        """
        dataset = self.open()
        if dataset is not None and len(dataset.get_fragments()) > 1:
            self.confirm()
            # Copying whole pages needs 14 MB where decoding them needs 180 MB and ten times as long
            # (50,000 sketches); Lance decodes by itself where rows were deleted.
            dataset.optimize.compact_files(
                target_rows_per_fragment=FILE_ROWS,
                compaction_mode="try_binary_copy",
                num_threads=1,
            )
            self.forget_versions(shared=shared)

    def forget_versions(self, *, shared: bool = False) -> None:
        """Delete what only older versions hold; and unless it is shared, what none holds."""
        self.confirm()
        dataset = self.open()
        if dataset is not None:
            # Files of no version are those of a killed writer where nobody else writes now.
            dataset.cleanup_old_versions(older_than=timedelta(0), delete_unverified=not shared)

    def change(self, rows: Int64, changed: Mapping[str, pa.Array]) -> None:
        """Give some rows other values in one commit; every row stays where it is.

        rows, changed: see `with_values`. What was there before stays on the disk until `rewrite`.
        """
        import lance

        self.confirm()
        dataset = lance.dataset(str(self.path), **self.reached)
        names = ["id", *changed, *({DIGEST} & set(dataset.schema.names))]
        parts = []
        for start in range(0, len(rows), BATCH):
            part = with_values(dataset.take(rows[start : start + BATCH]), rows, changed)
            parts.append((with_digests(part) if DIGEST in names else part).select(names))
        fragments, fields = [], set[int]()
        for fragment in dataset.get_fragments():
            updated, modified = fragment.update_columns(pa.concat_tables(parts), left_on="id")
            fragments.append(updated)
            fields |= set(modified)
        operation = lance.LanceOperation.Update(
            updated_fragments=fragments, fields_modified=sorted(fields)
        )
        version = dataset.version
        lance.LanceDataset.commit(str(self.path), operation, read_version=version, **self.reached)

    def take(self, rows: Int64, columns: Sequence[str]) -> pa.Table:
        """Return the rows in the order asked for; repeats are allowed."""
        known = None if self.kept is None else self.kept.known(self.path, columns)
        if known is not None:
            return known.take(rows)
        with self._readable() as dataset:
            unique, inverse = np.unique(rows, return_inverse=True)
            return dataset.take(unique, columns=list(columns)).take(pa.array(inverse))

    def read(self, columns: Sequence[str], *, further: Sequence[str] = ()) -> pa.Table:
        """Return all rows. further: columns that are read where the table has them."""
        with self._readable() as dataset:
            names = [*columns, *(name for name in further if name in dataset.schema.names)]
            if self.kept is None:
                return dataset.to_table(columns=names)
            return self.kept.columns(self.path, names, lambda some: dataset.to_table(columns=some))

    @contextmanager
    def _readable(self, *, needed: bool = True) -> Iterator[Any]:
        """Hand out the opened table; raise WorkspaceError where it is missing or damaged.

        needed: else None is handed out where it is missing.
        """
        try:
            dataset = self.open()
            if dataset is not None or not needed:
                yield dataset
                return
        except (OSError, ValueError, RuntimeError, pa.ArrowException) as error:
            if is_full(error):  # of what is written while the table is open: no damage
                raise
            raise self.damaged(error) from error
        except BaseException as error:
            if not is_panic(error):
                raise
            raise self.damaged(RuntimeError(str(error))) from error
        raise WorkspaceError(f"The table {self.called} is missing; {REPAIR}")

    @property
    def called(self) -> str:
        """What a person calls it: "images.lance of train"."""
        inside = self.path.parts
        place = max((i for i, part in enumerate(inside) if part in ("sets", "runs")), default=-3)
        return f"{'/'.join(inside[place + 2 :])} of {inside[place + 1]!r}"

    def damaged(self, error: Exception) -> WorkspaceError:
        """Return the error, in a sentence, of a table that cannot be read."""
        if isinstance(self.path, ObjectPath) and is_unreachable(error):
            return unreachable(self.path, error)
        reason = " ".join(str(error).split())[:120]
        return DamagedError(f"The table {self.called} cannot be read ({reason}); {REPAIR}")

    def batches(
        self,
        columns: Sequence[str],
        *,
        further: Sequence[str] = (),
        start: int = 0,
        size: int = 4096,
        needed: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows from `start` on, in order, at most `size` at a time.

        further: columns that are read where the table has them; one of an earlier version may not.
        needed: a table that was never written is missing, and raises WorkspaceError.
        """
        read = partial(self._batches, columns, further, start, size, needed)
        if self.kept is None:
            yield from read()
        else:
            key = (self.path, tuple(columns), tuple(further), start, size)
            yield from self.kept.batches(key, read)

    def _batches(
        self, columns: Sequence[str], further: Sequence[str], start: int, size: int, needed: bool
    ) -> Iterator[pa.RecordBatch]:
        with self._readable(needed=needed) as dataset:
            if dataset is not None and start < dataset.count_rows():
                there = [name for name in further if name in dataset.schema.names]
                yield from dataset.to_batches(
                    columns=[*columns, *there],
                    batch_size=size,
                    offset=start,
                    scan_in_order=True,
                    io_buffer_size=READ_AHEAD_BYTES,
                )


def is_panic(error: BaseException) -> bool:
    """Whether Lance gave up at bytes that no version writes; its class is no `Exception`."""
    return type(error).__name__ == "PanicException"
