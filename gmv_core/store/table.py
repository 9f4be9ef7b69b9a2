"""One Lance table on disk: whole batches in, rows and columns out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gmv_core.errors import WorkspaceError
from gmv_core.store.files import remove
from gmv_core.types import Int64


@dataclass(frozen=True)
class Table:
    """One Lance table, appended to in whole batches. A table that was never written has 0 rows."""

    path: Path

    def open(self) -> Any | None:  # noqa: ANN401  (lance ships no types)
        import lance

        return lance.dataset(str(self.path)) if self.exists() else None

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
        import lance

        if self.exists():
            rows = rows.select([name for name in rows.column_names if name in self.columns()])
        mode = "append" if self.exists() else "create"
        lance.write_dataset(rows, str(self.path), mode=mode)

    def write(self, rows: pa.Table) -> None:
        """Replace the whole table in one commit."""
        import lance

        mode = "overwrite" if self.exists() else "create"
        lance.write_dataset(rows, str(self.path), mode=mode)

    def cut(self, rows: int) -> None:
        """Drop what lies behind the first `rows` rows (ids are row numbers)."""
        dataset = self.open()
        if dataset is not None and dataset.count_rows() > rows:
            dataset.delete(f"id >= {rows}")

    def drop(self) -> None:
        """Delete the table; it has 0 rows again."""
        if self.path.exists():
            remove(self.path, self.path.with_name(f".{self.path.name}.deleted"))

    def tidy(self) -> None:
        """Merge the small files that appending left, and forget older versions."""
        dataset = self.open()
        if dataset is not None and len(dataset.get_fragments()) > 1:
            # Copying whole pages needs 14 MB where decoding them needs 180 MB and ten times as long
            # (50,000 sketches); Lance decodes by itself where rows were deleted.
            dataset.optimize.compact_files(compaction_mode="try_binary_copy", num_threads=1)
            dataset.cleanup_old_versions(older_than=timedelta(0))

    def take(self, rows: Int64, columns: Sequence[str]) -> pa.Table:
        """Return the rows in the order asked for; repeats are allowed."""
        dataset = self.open()
        if dataset is None:
            raise WorkspaceError(f"The table {self.path.name} is missing; build the set again.")
        unique, inverse = np.unique(rows, return_inverse=True)
        return dataset.take(unique, columns=list(columns)).take(pa.array(inverse))

    def read(self, columns: Sequence[str]) -> pa.Table:
        dataset = self.open()
        if dataset is None:
            raise WorkspaceError(f"The table {self.path.name} is missing; build the set again.")
        return dataset.to_table(columns=list(columns))

    def batches(
        self, columns: Sequence[str], *, start: int = 0, size: int = 4096
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows from `start` on, in order, at most `size` at a time."""
        dataset = self.open()
        if dataset is not None and start < dataset.count_rows():
            yield from dataset.to_batches(
                columns=list(columns), batch_size=size, offset=start, scan_in_order=True
            )
