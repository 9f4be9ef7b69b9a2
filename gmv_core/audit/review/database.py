"""reviews.sqlite: where the verdicts of people are kept, beside the sets and runs of a workspace.

Write-ahead log and full synchronisation: a transaction that was committed outlives a killed process
and a power cut. Every write is one `writing` block, which is one transaction that begins with the
lock: of two sessions that write at once the second waits, and neither sees half of the other's.
Each block opens the file anew, so that no thread or process holds it longer than it takes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gmv_core.errors import WorkspaceError
from gmv_core.store.access import Right, require
from gmv_core.store.workspace import Workspace

FILE = "reviews.sqlite"
VERSION = 1  # of the tables below, kept in the file as user_version
PATIENCE_SECONDS = 20  # until another session's transaction is done

_TABLES = """
CREATE TABLE reviews (
    id TEXT PRIMARY KEY, run TEXT NOT NULL, created TEXT NOT NULL, design TEXT NOT NULL
) STRICT;
CREATE TABLE pairs (
    review TEXT NOT NULL REFERENCES reviews ON DELETE CASCADE,
    place INTEGER NOT NULL, kind TEXT NOT NULL, stratum INTEGER, seat INTEGER,
    swapped INTEGER NOT NULL, generated_row INTEGER, generated TEXT, training_row INTEGER NOT NULL,
    training TEXT NOT NULL, rank INTEGER, distance REAL, standing TEXT, label TEXT, owner TEXT,
    PRIMARY KEY (review, place)
) STRICT;
CREATE TABLE reviewers (
    review TEXT NOT NULL REFERENCES reviews ON DELETE CASCADE,
    reviewer TEXT NOT NULL, seat INTEGER NOT NULL, joined TEXT NOT NULL, looked TEXT,
    PRIMARY KEY (review, reviewer), UNIQUE (review, seat)
) STRICT;
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY, review TEXT NOT NULL, place INTEGER NOT NULL, reviewer TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('yes', 'no', 'unsure')),
    note TEXT NOT NULL, decided TEXT NOT NULL, undone TEXT, seconds REAL,
    FOREIGN KEY (review, place) REFERENCES pairs ON DELETE CASCADE,
    FOREIGN KEY (review, reviewer) REFERENCES reviewers ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX standing_verdicts ON verdicts (review, reviewer, place) WHERE undone IS NULL;
"""


@contextmanager
def reading(workspace: Workspace) -> Iterator[sqlite3.Connection | None]:
    """Open the file to read, as one state of it; None where nothing was reviewed yet."""
    path = workspace.root / FILE
    if not path.is_file():
        yield None
        return
    with _sentences(path), closing(_connected(path)) as connection:
        if _version(connection, path):
            connection.execute("BEGIN")
            yield connection
            connection.rollback()
        else:
            yield None


@contextmanager
def writing(workspace: Workspace, needed: Right, doing: str) -> Iterator[sqlite3.Connection]:
    """Open the file for one transaction; it is kept when the block ends without an error.

    needed, doing: see `access.require`, whose AccessError it raises.
    """
    require(needed, doing)
    path = workspace.root / FILE
    with _sentences(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_connected(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not _version(connection, path):
                    for statement in filter(str.strip, _TABLES.split(";")):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {VERSION}")
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the tables, 0 where there are none yet."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise WorkspaceError(
            f"{path} was written by a later version of this program (tables {version}, known: up "
            f"to {VERSION}); use that one."
        )
    return version


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise WorkspaceError(
            f"{path} cannot be used ({error}); check that the workspace can be written and that "
            "there is room, then do the same again: what was decided before is kept."
        ) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        raise WorkspaceError(
            f"{path} is not a file of reviews, or is damaged ({error}); move it away to start anew."
        ) from error
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written ({error.strerror or error}); check the workspace."
        ) from error
