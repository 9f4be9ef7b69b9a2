"""Evidence that someone changed, with digests and stamp that fit it, and what its checks tell."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet as pq

from gmv_core.audit.archive import ArchiveWriter, open_archive
from gmv_core.audit.checking.verify import Check
from gmv_core.audit.form import parquet


def answers(checks: list[Check]) -> dict[str, bool | None]:
    return {check.what: check.held for check in checks}


def told(checks: list[Check]) -> str:
    return " ".join(check.said for check in checks if check.held is False)


def rebuilt(path: Path, member: str, change: Callable[[bytes], bytes | None]) -> None:
    """Change one member and make the archive whole again, with digests and stamp that fit it.

    change: of its bytes, b"" where there is no such member; None takes it out.
    """
    archive = open_archive(path)
    members = {name: archive.read(name) for name in archive.members}
    changed = change(members.pop(member, b""))
    if changed is not None:
        members[member] = changed
    with path.open("wb") as file:
        writer = ArchiveWriter(file)
        for name in sorted(members):
            writer.add(name, members[name])
        writer.stamp({**archive.stamp, "root": writer.digests()})


def of_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[bytes], bytes]:
    """Return a change of a file's bytes from one of its frame; columns keep their types."""

    def changed(data: bytes) -> bytes:
        table = pq.read_table(io.BytesIO(data))
        frame = change(table.to_pandas())
        kinds = {f.name: f.type for f in table.schema}
        columns = {name: _column(frame[name], kinds.get(name, pa.int64())) for name in frame}
        return parquet(pa.table(columns))

    return changed


def _column(values: pd.Series, kind: pa.DataType) -> pa.Array:
    made = pa.array(values, from_pandas=not pa.types.is_floating(kind))
    is_text = pa.types.is_string(made.type) or pa.types.is_large_string(made.type)
    return made.cast(pa.string()) if is_text else made.cast(kind)


def up(column: str, by: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        row = int(np.argmax(frame[column].to_numpy(float) > 0))
        return frame.assign(**{column: frame[column].where(frame.index != row, frame[column] + by)})

    return change
