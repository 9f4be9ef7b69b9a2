"""docs/licences.md names every direct dependency."""

from __future__ import annotations

from benchmarks.making.licences import PAGE, direct


def test_every_direct_dependency_has_its_licence() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    told = {row[0].removeprefix("| "): row[2] for row in rows if len(row) == 4}
    assert set(direct()) <= set(told)
    assert "not told" not in told.values()
