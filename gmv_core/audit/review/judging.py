"""Judging: who takes part in a review, the next pair as two pictures, a verdict, and undo."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import dataclass

import numpy as np

from gmv_core.audit.review.database import reading, writing
from gmv_core.audit.review.reviews import Review, review_in, run_of
from gmv_core.audit.review.sampling import COPY
from gmv_core.errors import SettingsError, WorkspaceError, unknown_choice
from gmv_core.images.decode import pixels_of
from gmv_core.store.access import Right
from gmv_core.store.columns import previews
from gmv_core.store.files import now
from gmv_core.store.workspace import ImageSet, Workspace

VERDICTS = YES, NO, UNSURE = ("yes", "no", "unsure")
QUESTION = "Are these two pictures more alike than two pictures of the same kind usually are?"
MEANINGS = {
    YES: "Something particular recurs: the same figure, pose, composition or look.",
    NO: "They share the kind of thing at most, such as two cats, or less.",
    UNSURE: "You looked and cannot decide.",
}
REVIEWING = "giving verdicts"
NAME_CHARACTERS, NOTE_CHARACTERS = 100, 2000
JPEG_QUALITY, SMALLER = 60, 0.9  # of the copy that stands beside a training image as a control


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


@dataclass(frozen=True)
class Reviewer:
    """done: verdicts, of so many. looked: verdicts given after the results had been looked at."""

    name: str
    done: int
    of: int
    looked: int = 0

    @property
    def finished(self) -> bool:
        return self.done == self.of


def join_review(workspace: Workspace, id: str, reviewer: str) -> Reviewer:
    """Take part in a review, or come back to it.

    The n-th who joins has the n-th part of the pairs that are divided. Raises SettingsError for a
    name that is empty or longer than NAME_CHARACTERS, WorkspaceError where no pair is left.
    """
    with writing(workspace, Right.REVIEW, REVIEWING) as db:
        return join(db, review_in(db, id), reviewer)


def join(db: sqlite3.Connection, review: Review, reviewer: str) -> Reviewer:
    """Let someone take part, in a block that is open; see `join_review`."""
    id, name = review.id, reviewer.strip()
    if not 0 < len(name) <= NAME_CHARACTERS:
        raise SettingsError(
            f"The reviewer's name has {len(name)} characters; give 1 to {NAME_CHARACTERS}."
        )
    joined = _joined(db, id)
    if name not in joined:
        row = (id, name, len(joined), now())
        db.execute("INSERT INTO reviewers VALUES (?, ?, ?, ?, NULL)", row)
    found = _reviewer(db, id, name)
    if not found.of:
        raise WorkspaceError(
            f"All pairs of the review {id!r} are divided among "
            f"{review.design.settings.reviewers} reviewers; make another one, or one in which "
            "more pairs are judged by all."
        )
    return found


def reviewers(workspace: Workspace, id: str) -> list[Reviewer]:
    """Return who takes part in a review, in the order in which they joined."""
    with reading(workspace) as db:
        return [] if db is None else [_reviewer(db, id, name) for name in _joined(db, id)]


def next_pair(workspace: Workspace, id: str, reviewer: str) -> Shown | None:
    """Return the next pair of a reviewer who has joined, None when all are judged.

    Raises WorkspaceError where the run is gone or was made anew: its pictures may be others.
    """
    with reading(workspace) as db:
        if db is None:
            raise WorkspaceError(f"There is no review {id!r} in this workspace.")
        review, queue, done = review_in(db, id), queue_of(db, id, reviewer), _done(db, id, reviewer)
        if done >= len(queue):
            return None
        place = queue[done]
        pair = db.execute(
            "SELECT * FROM pairs WHERE review = ? AND place = ?", (id, place)
        ).fetchone()
    left, right = _pictures(workspace, review, pair)
    return Shown(place, done + 1, len(queue), left, right)


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
        queue, done = queue_of(db, id, reviewer), _done(db, id, reviewer)
        if place not in queue[done : done + 1]:
            if standing_verdict(db, id, reviewer, place) == verdict:
                return
            raise WorkspaceError(
                "This pair is not the next one: it was judged in another window. The next one is "
                "shown; undo goes back."
            )
        keep(db, id, reviewer, place, verdict, note, now(), seconds)


def keep(
    db: sqlite3.Connection, id: str, reviewer: str, place: int, verdict: str, note: str,
    decided: str, seconds: float | None,
) -> None:  # fmt: skip
    """Write a verdict that was checked, in a block that is open."""
    db.execute(
        "INSERT INTO verdicts (review, place, reviewer, verdict, note, decided, seconds) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id, place, reviewer, verdict, note.strip(), decided, seconds),
    )


def undo(workspace: Workspace, id: str, reviewer: str) -> bool:
    """Take the reviewer's last verdict back, so that its pair is the next one; False if none is.

    The verdict is kept as undone.
    """
    with writing(workspace, Right.REVIEW, REVIEWING) as db:
        last = db.execute(
            "SELECT id FROM verdicts WHERE review = ? AND reviewer = ? AND undone IS NULL "
            "ORDER BY place DESC LIMIT 1",
            (id, reviewer),
        ).fetchone()
        if last is not None:
            db.execute("UPDATE verdicts SET undone = ? WHERE id = ?", (now(), last["id"]))
        return last is not None


def look(workspace: Workspace, id: str, reviewer: str) -> None:
    """Keep that a reviewer has looked at results: what is judged from now on is not blind."""
    with writing(workspace, Right.REVIEW, REVIEWING) as db:
        db.execute(
            "UPDATE reviewers SET looked = ? WHERE review = ? AND reviewer = ? AND looked IS NULL",
            (now(), id, reviewer),
        )


def has_looked(workspace: Workspace, id: str, reviewer: str) -> bool:
    """Return whether a reviewer has looked at results."""
    with reading(workspace) as db:
        return db is not None and bool(
            db.execute(
                "SELECT 1 FROM reviewers WHERE review = ? AND reviewer = ? AND looked IS NOT NULL",
                (id, reviewer),
            ).fetchone()
        )


def queue_of(db: sqlite3.Connection, id: str, reviewer: str) -> list[int]:
    """Return the places that a reviewer judges, in order; WorkspaceError for one not joined."""
    seat = db.execute(
        "SELECT seat FROM reviewers WHERE review = ? AND reviewer = ?", (id, reviewer)
    ).fetchone()
    if seat is None:
        raise WorkspaceError(f"{reviewer!r} has not joined the review {id!r}; join it first.")
    found = db.execute(
        "SELECT place FROM pairs WHERE review = ? AND (seat IS NULL OR seat = ?) ORDER BY place",
        (id, seat["seat"]),
    )
    return [row["place"] for row in found]


def _joined(db: sqlite3.Connection, id: str) -> list[str]:
    found = db.execute("SELECT reviewer FROM reviewers WHERE review = ? ORDER BY seat", (id,))
    return [row["reviewer"] for row in found]


def _done(db: sqlite3.Connection, id: str, reviewer: str) -> int:
    return int(
        db.execute(
            "SELECT COUNT(*) FROM verdicts WHERE review = ? AND reviewer = ? AND undone IS NULL",
            (id, reviewer),
        ).fetchone()[0]
    )


def standing_verdict(db: sqlite3.Connection, id: str, reviewer: str, place: int) -> str | None:
    """Return the verdict that a reviewer gave on a pair and did not undo, None for none."""
    found = db.execute(
        "SELECT verdict FROM verdicts WHERE review = ? AND reviewer = ? AND place = ? "
        "AND undone IS NULL",
        (id, reviewer, place),
    ).fetchone()
    return None if found is None else str(found["verdict"])


def _reviewer(db: sqlite3.Connection, id: str, name: str) -> Reviewer:
    after = db.execute(
        "SELECT COUNT(*) FROM verdicts JOIN reviewers USING (review, reviewer) WHERE review = ? "
        "AND reviewer = ? AND undone IS NULL AND decided > looked",
        (id, name),
    ).fetchone()[0]
    return Reviewer(name, _done(db, id, name), len(queue_of(db, id, name)), int(after))


def _pictures(workspace: Workspace, review: Review, pair: sqlite3.Row) -> tuple[bytes, bytes]:
    """Return the pictures of a pair, left and right, as they are shown."""
    result = run_of(workspace, review)
    known = _picture(result.training, pair["training_row"])
    if pair["kind"] == COPY:
        other = copy_of(known)
    else:
        other = _picture(result.generated, pair["generated_row"])
    return (known, other) if pair["swapped"] else (other, known)


def _picture(images: ImageSet, row: int) -> bytes:
    return previews(images, np.array([row], np.int64))[0]


def copy_of(preview: bytes) -> bytes:
    """Return a picture a little smaller and encoded anew: what a known copy looks like."""
    from PIL import Image

    image = Image.fromarray(pixels_of(preview))
    size = [max(1, round(SMALLER * side)) for side in image.size]
    file = io.BytesIO()
    image.resize((size[0], size[1]), Image.Resampling.LANCZOS).save(
        file, "JPEG", quality=JPEG_QUALITY
    )
    return file.getvalue()
