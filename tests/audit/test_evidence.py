"""Evidence is written of sound runs alone, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core.audit.evidence import write_evidence
from gmv_core.errors import SourceError, WorkspaceError
from tests.audit.conftest import CREATED, Opened


def test_the_same_run_gives_the_same_bytes_but_for_the_stamp(
    result: Opened, tmp_path: Path
) -> None:
    roots = [
        write_evidence(result(), tmp_path / f"{name}.zip", created=created)
        for name, created in (("a", CREATED), ("b", CREATED), ("c", "later"))
    ]
    a, b, c = ((tmp_path / f"{name}.zip").read_bytes() for name in "abc")
    assert len(set(roots)) == 1
    assert a == b != c


def test_damaged_runs_give_no_evidence(result: Opened, tmp_path: Path) -> None:
    opened = result()
    data = next((opened.run.folder / "quality.lance" / "data").iterdir())
    data.write_bytes(data.read_bytes()[:-20])
    with pytest.raises(WorkspaceError, match="No evidence of 'run' can be given"):
        write_evidence(opened, tmp_path / "e.zip")
    assert not (tmp_path / "e.zip").exists()


def test_evidence_that_cannot_be_written_is_a_sentence(result: Opened, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be written"):
        write_evidence(result(), tmp_path)
