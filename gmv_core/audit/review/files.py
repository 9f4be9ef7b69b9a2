"""Verdicts as CSV: out of a review for a spreadsheet, and into one from elsewhere."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gmv_core.audit.review.database import writing
from gmv_core.audit.review.judging import VERDICTS, join, keep, queue_of, standing_verdict
from gmv_core.audit.review.results import verdict_table
from gmv_core.audit.review.reviews import REVIEW_COLUMNS, Review, open_review, review_in
from gmv_core.errors import SourceError, WorkspaceError
from gmv_core.results.selection import as_csv, as_text
from gmv_core.sources.tables import read_cells
from gmv_core.store.access import Right
from gmv_core.store.files import now
from gmv_core.store.workspace import Workspace

NEEDED = ("place", "reviewer", "verdict")
COLUMNS = [name for name in REVIEW_COLUMNS.names if name not in ("created", "undone")]
SAME = ("review", "generated", "training")  # where given, they must be those of the pair


def verdicts_csv(workspace: Workspace, id: str) -> bytes:
    """Return the verdicts of a review that stand as CSV, COLUMNS, safe for a spreadsheet."""
    return as_csv(verdict_table(workspace, open_review(workspace, id))[COLUMNS])


def export_verdicts(workspace: Workspace, id: str, path: Path) -> Path:
    """Write the verdicts of a review that stand as CSV; WorkspaceError where that fails."""
    content = verdicts_csv(workspace, id)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written ({error.strerror or error}); give another file."
        ) from error
    return path


def import_verdicts(workspace: Workspace, id: str, table: Path | bytes) -> int:
    """Take the verdicts of a CSV into a review and return how many were new: all or none of them.

    Needs the columns NEEDED; note, seconds and decided are kept, and review, generated and training
    must be those of the pair. Reviewers join in the order of their first line. A verdict that is
    already there is passed over. Raises SourceError, naming the line, for one that contradicts what
    is there or that leaves out a pair of the reviewer's order.
    """
    cells = read_cells(table)
    missing = [name for name in NEEDED if name not in cells.columns]
    if missing:
        raise SourceError(
            f"{cells.what} has no column {missing[0]!r}; its columns are "
            f"{', '.join(map(repr, cells.columns))}. Give at least {', '.join(NEEDED)}."
        )
    lines: list[dict[str, object]] = [
        {name: as_text(cell) for name, cell in zip(cells.columns, row, strict=True)} | {"line": i}
        for i, row in enumerate(cells.rows, start=2)
    ]
    new = 0
    with writing(workspace, Right.EDIT, "importing verdicts") as db:
        review = review_in(db, id)
        known = {row["place"]: row for row in map(dict, db.execute(_PAIRS, (id,)))}
        for line in lines:
            _check(line, known, review, cells.what)
            join(db, review, str(line["reviewer"]))
        for line in sorted(lines, key=lambda line: int(str(line["place"]))):
            new += _take(db, id, line, cells.what)
    return new


_PAIRS = "SELECT review, place, generated, training FROM pairs WHERE review = ?"


def _check(
    line: dict[str, object], known: dict[int, dict[str, object]], review: Review, what: str
) -> None:
    where, place, verdict = f"{what}, line {line['line']}", str(line["place"]), line["verdict"]
    if not place.isdecimal() or int(place) not in known:
        raise SourceError(f"{where}: the review {review.id!r} has no place {place!r}.")
    if verdict not in VERDICTS:
        raise SourceError(f"{where}: the verdict is {verdict!r}; give {', '.join(VERDICTS)}.")
    for name in SAME:
        here = known[int(place)][name] or ""
        if line.get(name) and line[name] != here:
            raise SourceError(
                f"{where}: {name} is {line[name]!r}, in place {place} of the review "
                f"{review.id!r} it is {here!r}; this is the table of another review."
            )


def _take(db: sqlite3.Connection, id: str, line: dict[str, object], what: str) -> bool:
    """Keep one verdict; False where it is there."""
    where, who, place = (
        f"{what}, line {line['line']}",
        str(line["reviewer"]),
        int(str(line["place"])),
    )
    verdict, there = str(line["verdict"]), standing_verdict(db, id, who, place)
    if there is not None:
        if there != verdict:
            raise SourceError(
                f"{where}: {who!r} said {verdict!r} of place {place}, and {there!r} before; undo "
                "that one, or leave the line out."
            )
        return False
    before = next(
        (p for p in queue_of(db, id, who) if standing_verdict(db, id, who, p) is None), -1
    )
    if place != before:
        raise SourceError(
            f"{where}: {who!r} has place {before} to judge before place {place}; verdicts must "
            "follow the order, or what is left out would bias the result."
        )
    try:
        seconds = float(str(line["seconds"])) if line.get("seconds") else None
    except ValueError:
        raise SourceError(f"{where}: seconds is {line['seconds']!r}; give a number.") from None
    decided = str(line.get("decided") or now())
    keep(db, id, who, place, verdict, str(line.get("note") or ""), decided, seconds)
    return True
