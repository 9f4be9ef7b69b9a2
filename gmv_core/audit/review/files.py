"""Verdicts as CSV: out of a review for a spreadsheet, and into one from elsewhere."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

import numpy as np

from gmv_core.audit.review.database import writing
from gmv_core.audit.review.judging import NOTE_CHARACTERS, VERDICTS, keep
from gmv_core.audit.review.people import join, queue_of, seats, standing_verdicts
from gmv_core.audit.review.results import verdict_table
from gmv_core.audit.review.reviews import REVIEW_COLUMNS, Review, open_review, review_in
from gmv_core.errors import SourceError, WorkspaceError
from gmv_core.results.selection import as_csv, as_text
from gmv_core.sources.tables.cells import Cells, listed_columns
from gmv_core.sources.tables.reading import read_cells
from gmv_core.store.access import Right
from gmv_core.store.files import as_moment, now
from gmv_core.store.outputs import check_output
from gmv_core.store.workspace import Workspace

NEEDED = ("place", "reviewer", "verdict")
COLUMNS = [name for name in REVIEW_COLUMNS.names if name not in ("created", "undone")]
SAME = ("review", "generated", "training")  # where given, they must be those of the pair


def verdicts_csv(workspace: Workspace, id: str) -> bytes:
    """Return the verdicts of a review that stand as CSV, COLUMNS, safe for a spreadsheet."""
    return as_csv(verdict_table(workspace, open_review(workspace, id))[COLUMNS])


def export_verdicts(workspace: Workspace, id: str, path: Path) -> Path:
    """Write the verdicts of a review that stand as CSV; WorkspaceError where that fails."""
    check_output(workspace, path)
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
    must be those of the pair. Who has not joined does: in the order of their first line, with the
    part of the divided pairs that they judged. A verdict that is already there is passed over.
    Raises SourceError, naming the line, for one that contradicts what is there or that leaves out a
    pair of the reviewer's order.
    """
    what, lines = _lines(read_cells(table))
    new = 0
    with writing(workspace, Right.EDIT, "importing verdicts") as db:
        review = review_in(db, id)
        pairs = {str(row["place"]): row for row in map(dict, db.execute(_PAIRS, (id,)))}
        for line in lines:
            _check(line, pairs, review, f"{what}, line {line['line']}")
        people = _joined(db, review, lines, pairs)
        for name, theirs in people.items():
            _claim(db, id, name, theirs, pairs, what)
        for name, theirs in people.items():
            new += _take(db, id, name, theirs, what)
    return new


_PAIRS = "SELECT review, place, generated, training, seat FROM pairs WHERE review = ?"
Line = dict[str, str]
Pairs = dict[str, dict[str, object]]


def _lines(cells: Cells) -> tuple[str, list[Line]]:
    """Return how a table is called and its lines, each with its number under "line"."""
    missing = [name for name in NEEDED if cells.columns.count(name) != 1]
    if missing:
        has = "has no column" if missing[0] not in cells.columns else "has several columns"
        raise SourceError(
            f"{cells.what} {has} {missing[0]!r}; its columns are "
            f"{listed_columns(map(repr, cells.columns))}. Give one each of {', '.join(NEEDED)}."
        )
    lines = []
    for i, row in enumerate(cells.rows, start=2):
        padded = zip_longest(cells.columns, row, fillvalue="")
        line = {name: as_text(cell) for name, cell in padded}
        place, verdict = line["place"].lstrip("0") or "0", line["verdict"].lower()
        lines.append(line | {"place": place, "verdict": verdict, "line": str(i)})
    return cells.what, lines


def _check(line: Line, pairs: Pairs, review: Review, where: str) -> None:
    """Raise SourceError for a line that cannot be of this review."""
    if line["place"] not in pairs:
        raise SourceError(f"{where}: the review {review.id!r} has no place {_told(line['place'])}.")
    if line["verdict"] not in VERDICTS:
        raise SourceError(
            f"{where}: the verdict is {_told(line['verdict'])}; give {', '.join(VERDICTS)}."
        )
    for name in SAME:
        here = str(pairs[line["place"]][name] or "")
        if line.get(name) and line[name] != here.strip():
            raise SourceError(
                f"{where}: {name} is {_told(line[name])}, in place {line['place']} of the "
                f"review {review.id!r} it is {here!r}; this is the table of another review."
            )
    if len(line.get("note", "")) > NOTE_CHARACTERS:
        raise SourceError(
            f"{where}: the note has {len(line['note']):,} characters; {NOTE_CHARACTERS:,} are kept."
        )


def _joined(
    db: sqlite3.Connection, review: Review, lines: list[Line], pairs: Pairs
) -> dict[str, list[Line]]:
    """Let everyone join, and return the lines of each, in the order of places."""
    written = dict[str, list[Line]]()
    for line in lines:
        written.setdefault(line["reviewer"], []).append(line)
    people = dict[str, list[Line]]()
    for who, some in sorted(written.items(), key=lambda one: not _parts(one[1], pairs)):
        parts, taken = _parts(some, pairs), seats(db, review.id)
        beyond = max(review.design.settings.reviewers, *taken, -1) + 1
        own = next((part for part in parts if part not in taken), beyond) if parts else None
        people.setdefault(join(db, review, who, own).name, []).extend(some)
    for some in people.values():
        some.sort(key=_place)
    return people


def _parts(lines: list[Line], pairs: Pairs) -> list[int]:
    """Return of which parts of the divided pairs lines are, by place."""
    seats_of = (pairs[line["place"]]["seat"] for line in sorted(lines, key=_place))
    return [seat for seat in seats_of if isinstance(seat, int)]


def _place(line: Line) -> int:
    return int(line["place"])


def _claim(
    db: sqlite3.Connection, id: str, name: str, lines: list[Line], pairs: Pairs, what: str
) -> None:
    """Make divided pairs that someone judged theirs, as where they were handed over."""
    of = seats(db, id)
    mine = next(seat for seat, who in of.items() if who == name)
    for line in lines:
        seat = pairs[line["place"]]["seat"]
        if isinstance(seat, int) and seat != mine:
            owner = of.get(seat)
            if owner and line["place"] in map(str, standing_verdicts(db, id, owner)):
                raise SourceError(
                    f"{what}, line {line['line']}: place {line['place']} is judged by one person, "
                    f"and {owner!r} did; leave the line out."
                )
            pairs[line["place"]]["seat"] = mine
            db.execute(
                "UPDATE pairs SET seat = ? WHERE review = ? AND place = ?",
                (mine, id, int(line["place"])),
            )


def _take(db: sqlite3.Connection, id: str, name: str, lines: list[Line], what: str) -> int:
    """Keep someone's verdicts, in the order of places, and return how many were new."""
    there, new = standing_verdicts(db, id, name), 0
    open_places = [place for place in queue_of(db, id, name) if place not in there]
    for line in lines:
        where, place, verdict = f"{what}, line {line['line']}", int(line["place"]), line["verdict"]
        if place in there:
            if there[place] != verdict:
                raise SourceError(
                    f"{where}: {name!r} said {verdict!r} of place {place}, and {there[place]!r} "
                    "before; undo that one, or leave the line out."
                )
            continue
        if place != open_places[new]:
            raise SourceError(
                f"{where}: {name!r} has place {open_places[new]} to judge before place {place}; "
                "verdicts must follow the order, or what is left out would bias the result."
            )
        keep(db, id, name, place, verdict, line.get("note", ""), *_when(line, where))
        there[place] = verdict
        new += 1
    return new


def _told(cell: str) -> str:
    """Return a cell as a sentence quotes it: its beginning."""
    return repr(cell if len(cell) <= 40 else f"{cell[:40]}…")


def _when(line: Line, where: str) -> tuple[str, float | None]:
    """Return when a verdict was given, now by default, and after how many seconds."""
    try:
        seconds = float(line["seconds"]) if line.get("seconds") else None
        if seconds is not None and not 0 <= seconds < np.inf:
            raise ValueError
    except ValueError:
        raise SourceError(f"{where}: seconds is {_told(line['seconds'])}; give a number.") from None
    if not line.get("decided"):
        return now(), seconds
    try:
        moment = datetime.fromisoformat(line["decided"])
    except ValueError:
        raise SourceError(
            f"{where}: decided is {_told(line['decided'])}; give a time as "
            "2026-01-31T12:00:00+00:00, or leave it empty."
        ) from None
    return as_moment(moment), seconds
