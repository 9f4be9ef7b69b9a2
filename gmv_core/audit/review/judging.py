"""Judging: the next pair of a reviewer as two pictures, a verdict, and undo."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from gmv_core.audit.review.database import reading, writing
from gmv_core.audit.review.people import REVIEWING, joined, queue_of, standing_verdicts, storable
from gmv_core.audit.review.pictures import pictures
from gmv_core.audit.review.reviews import review_in, run_of
from gmv_core.errors import SettingsError, WorkspaceError, unknown_choice
from gmv_core.store.access import Right
from gmv_core.store.files import now
from gmv_core.store.workspace import Workspace

VERDICTS = YES, NO, UNSURE = ("yes", "no", "unsure")
QUESTION = "Are these two pictures more alike than two pictures of the same kind usually are?"
MEANINGS = {
    YES: "Something particular recurs: the same figure, pose, composition or look.",
    NO: "They share the kind of thing at most, such as two cats, or less.",
    UNSURE: "You looked and cannot decide.",
}
NOTE_CHARACTERS = 2000


@dataclass(frozen=True)
class Shown:
    """What a reviewer sees of a pair: two encoded pictures. place: for `decide`.

    number: of the pair among the `of` that are the reviewer's, from 1.
    """

    place: int
    number: int
    of: int
    left: bytes
    right: bytes


def next_pair(workspace: Workspace, id: str, reviewer: str) -> Shown | None:
    """Return the next pair of a reviewer who has joined, None when all are judged.

    Raises WorkspaceError where the run is gone or was made anew: its pictures may be others.
    """
    with reading(workspace) as db:
        if db is None:
            raise WorkspaceError(f"There is no review {id!r} in this workspace.")
        review = review_in(db, id)
        queue, place, done = _at(db, id, joined(db, id, reviewer))
        if place is None:
            return None
        pair = db.execute(
            "SELECT * FROM pairs WHERE review = ? AND place = ?", (id, place)
        ).fetchone()
    left, right = pictures(
        run_of(workspace, review), pair["training_row"], pair["generated_row"],
        training_left=bool(pair["swapped"]),
    )  # fmt: skip
    return Shown(place, len(done) + 1, len(queue), left, right)


def _at(
    db: sqlite3.Connection, id: str, reviewer: str
) -> tuple[list[int], int | None, dict[int, str]]:
    """Return a reviewer's places, the next of them (None at the end), and their verdicts."""
    queue, done = queue_of(db, id, reviewer), standing_verdicts(db, id, reviewer)
    return queue, next((place for place in queue if place not in done), None), done


def decide(
    workspace: Workspace,
    id: str,
    reviewer: str,
    place: int,
    verdict: str,
    *,
    note: str = "",
    seconds: float | None = None,
) -> None:
    """Keep a verdict, one of VERDICTS, on the pair that is the reviewer's next.

    seconds: how long the pair was looked at. The same verdict given twice is kept once. Raises
    WorkspaceError for another pair than the next one, as in a second window.
    """
    if verdict not in VERDICTS:
        raise unknown_choice("verdict", verdict, list(VERDICTS))
    if len(note) > NOTE_CHARACTERS:
        raise SettingsError(f"The note has {len(note):,} characters; {NOTE_CHARACTERS:,} are kept.")
    with writing(workspace, Right.REVIEW, REVIEWING) as db:
        review_in(db, id)
        name = joined(db, id, reviewer)
        _, following, done = _at(db, id, name)
        if place != following:
            if done.get(place) == verdict:
                return
            raise WorkspaceError(
                "This pair is not the next one: it was judged in another window. The next one is "
                "shown; undo goes back."
            )
        keep(db, id, name, place, verdict, note, now(), seconds)


def keep(
    db: sqlite3.Connection, id: str, reviewer: str, place: int, verdict: str, note: str,
    decided: str, seconds: float | None,
) -> None:  # fmt: skip
    """Write a verdict that was checked, in a block that is open."""
    db.execute(
        "INSERT INTO verdicts (review, place, reviewer, verdict, note, decided, seconds) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id, place, reviewer, verdict, storable(note), decided, seconds),
    )


def undo(workspace: Workspace, id: str, reviewer: str) -> bool:
    """Take the reviewer's last verdict back, so that its pair is the next one; False if none is.

    The verdict is kept as undone.
    """
    with writing(workspace, Right.REVIEW, REVIEWING) as db:
        last = db.execute(
            "SELECT id FROM verdicts WHERE review = ? AND reviewer = ? AND undone IS NULL "
            "ORDER BY id DESC LIMIT 1",
            (id, joined(db, id, reviewer)),
        ).fetchone()
        if last is not None:
            db.execute("UPDATE verdicts SET undone = ? WHERE id = ?", (now(), last["id"]))
        return last is not None


def look(workspace: Workspace, id: str, reviewer: str) -> None:
    """Keep that a reviewer has looked at results: what is judged from now on is not blind."""
    with writing(workspace, Right.REVIEW, REVIEWING) as db:
        db.execute(
            "UPDATE reviewers SET looked = ? WHERE review = ? AND reviewer = ? AND looked IS NULL",
            (now(), id, joined(db, id, reviewer)),
        )


def has_looked(workspace: Workspace, id: str, reviewer: str) -> bool:
    """Return whether a reviewer has looked at results."""
    with reading(workspace) as db:
        return db is not None and bool(
            db.execute(
                "SELECT 1 FROM reviewers WHERE review = ? AND reviewer = ? AND looked IS NOT NULL",
                (id, joined(db, id, reviewer)),
            ).fetchone()
        )
