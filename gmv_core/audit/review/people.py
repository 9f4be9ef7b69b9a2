"""Who judges in a review: names, who joins, which pairs are whose, and what is handed over.

A name is one person's in whatever case, width or spacing it is written: two spellings would count
as two reviewers who agree.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from dataclasses import dataclass

from gmv_core.audit.review.database import reading, writing
from gmv_core.audit.review.reviews import Review, review_in
from gmv_core.errors import SettingsError, WorkspaceError
from gmv_core.store.access import Right
from gmv_core.store.files import now
from gmv_core.store.workspace import Workspace

REVIEWING = "giving verdicts"
EVERYONE = "all"  # stands for all reviewers in tables of results, so it is nobody's name
NAME_CHARACTERS = 100


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
    name that is empty, EVERYONE or longer than NAME_CHARACTERS, WorkspaceError where no pair is
    left.
    """
    with writing(workspace, Right.REVIEW, REVIEWING) as db:
        return join(db, review_in(db, id), reviewer)


def join(
    db: sqlite3.Connection, review: Review, reviewer: str, seat: int | None = None
) -> Reviewer:
    """Let someone take part, in a block that is open; see `join_review`.

    seat: whose part of the divided pairs is theirs, the first that nobody has by default.
    """
    name, id = _checked(reviewer), review.id
    known = _joined_as(db, id, name)
    if known is None:
        taken = seats(db, id)
        free = next(i for i in range(len(taken) + 1) if i not in taken)
        row = (id, name, free if seat is None else seat, now())
        db.execute("INSERT INTO reviewers VALUES (?, ?, ?, ?, NULL)", row)
    found = _reviewer(db, id, known or name)
    if not found.of:
        raise WorkspaceError(
            f"All pairs of the review {id!r} are divided among "
            f"{review.design.settings.reviewers} reviewers; hand over those of someone who does "
            "not go on, or make another review."
        )
    return found


def reviewers(workspace: Workspace, id: str) -> list[Reviewer]:
    """Return who takes part in a review, in the order in which they joined."""
    with reading(workspace) as db:
        return [] if db is None else [_reviewer(db, id, name) for name in _joined(db, id)]


def find_reviewer(workspace: Workspace, id: str, name: str) -> Reviewer | None:
    """Return who takes part under that name, however it is written; None for nobody."""
    with reading(workspace) as db:
        known = None if db is None else _joined_as(db, id, name)
        return None if db is None or known is None else _reviewer(db, id, known)


def hand_over(workspace: Workspace, id: str, reviewer: str, to: str = "") -> int:
    """Give the divided pairs that someone has not judged to another, and return how many.

    to: a reviewer of the review; "": one more who joins it. What was judged stays as it is, and
    which pairs are left says nothing of their verdicts, so precision stays without bias. Raises
    WorkspaceError where nothing is left or somebody has not joined.
    """
    with writing(workspace, Right.EDIT, "handing over pairs") as db:
        review_in(db, id)
        giver, seat = joined(db, id, reviewer), seats(db, id)
        of = {name: place for place, name in seat.items()}
        parts = db.execute("SELECT MAX(seat) FROM pairs WHERE review = ?", (id,)).fetchone()[0]
        mine = of[giver]
        taker = of[joined(db, id, to)] if to else max(parts or 0, *seat) + 1
        left = _unjudged(db, id, giver, mine)
        if not left or taker == mine:
            raise WorkspaceError(
                f"{giver!r} has no pair to hand over in the review {id!r}: the pairs that everyone "
                "judges stay with everyone, and of the others none is left."
            )
        db.executemany(
            "UPDATE pairs SET seat = ? WHERE review = ? AND place = ?",
            [(taker, id, place) for place in left],
        )
        return len(left)


def _unjudged(db: sqlite3.Connection, id: str, reviewer: str, seat: int) -> list[int]:
    judged = standing_verdicts(db, id, reviewer)
    found = db.execute("SELECT place FROM pairs WHERE review = ? AND seat = ?", (id, seat))
    return [row["place"] for row in found if row["place"] not in judged]


def joined(db: sqlite3.Connection, id: str, reviewer: str) -> str:
    """Return the name under which someone joined; raise WorkspaceError where nobody did."""
    name = _joined_as(db, id, reviewer)
    if name is None:
        raise WorkspaceError(f"{reviewer!r} has not joined the review {id!r}; join it first.")
    return name


def seats(db: sqlite3.Connection, id: str) -> dict[int, str]:
    """Return who has which part of the divided pairs; a part beyond them is empty."""
    found = db.execute("SELECT seat, reviewer FROM reviewers WHERE review = ?", (id,))
    return {row["seat"]: row["reviewer"] for row in found}


def queue_of(db: sqlite3.Connection, id: str, reviewer: str) -> list[int]:
    """Return the places that a reviewer judges, in order. reviewer: as they joined."""
    found = db.execute(
        "SELECT place FROM pairs WHERE review = ? AND (seat IS NULL OR seat = (SELECT seat FROM "
        "reviewers WHERE review = ? AND reviewer = ?)) ORDER BY place",
        (id, id, reviewer),
    )
    return [row["place"] for row in found]


def standing_verdicts(db: sqlite3.Connection, id: str, reviewer: str) -> dict[int, str]:
    """Return the verdicts that a reviewer gave and did not undo, by place."""
    found = db.execute(
        "SELECT place, verdict FROM verdicts WHERE review = ? AND reviewer = ? AND undone IS NULL",
        (id, reviewer),
    )
    return {row["place"]: row["verdict"] for row in found}


def storable(text: str) -> str:
    """Return a text without what no table can hold: half characters and NUL."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "").strip()


def _checked(name: str) -> str:
    """Return a name as it is kept, its spaces single; raise SettingsError for one that is none."""
    kept = " ".join(unicodedata.normalize("NFC", storable(name)).split())
    if not 0 < len(kept) <= NAME_CHARACTERS or not _key(kept):
        raise SettingsError(
            f"The reviewer's name has {len(kept) if _key(kept) else 0} characters that can be "
            f"seen; give 1 to {NAME_CHARACTERS}."
        )
    if _key(kept) == EVERYONE:
        raise SettingsError(f"{kept!r} stands for all reviewers in results; give another name.")
    return kept


def _key(name: str) -> str:
    """Return what is the same of all spellings of a name; nothing of it is invisible."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(c for c in folded if c.isprintable() or c.isspace()).split())


def _joined_as(db: sqlite3.Connection, id: str, name: str) -> str | None:
    return next((known for known in _joined(db, id) if _key(known) == _key(name)), None)


def _joined(db: sqlite3.Connection, id: str) -> list[str]:
    found = db.execute("SELECT reviewer FROM reviewers WHERE review = ? ORDER BY rowid", (id,))
    return [row["reviewer"] for row in found]


def _reviewer(db: sqlite3.Connection, id: str, name: str) -> Reviewer:
    after = db.execute(
        "SELECT COUNT(*) FROM verdicts JOIN reviewers USING (review, reviewer) WHERE review = ? "
        "AND reviewer = ? AND undone IS NULL AND decided > looked",
        (id, name),
    ).fetchone()[0]
    done, of = standing_verdicts(db, id, name), queue_of(db, id, name)
    return Reviewer(name, len(done), len(of), int(after))
