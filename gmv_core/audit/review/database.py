"""reviews.sqlite: where the verdicts of people are kept, beside the sets and runs of a workspace.

Write-ahead log and full synchronisation: a transaction that was committed outlives a killed process
and a power cut. Every write is one `writing` block, which is one transaction that begins with the
lock: of two sessions that write at once the second waits, and neither sees half of the other's.
Each block opens the file anew, so that no thread or process holds it longer than it takes. On an
object store a copy is opened; it replaces the object whole when a transaction is done, one at a
time.

To read such a file SQLite writes two others beside it. Where it cannot, as on a disk that is full
or can only be read, a copy is read instead.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from gmv_core.errors import WorkspaceError
from gmv_core.store.access import Right, require
from gmv_core.store.files import aside, locked
from gmv_core.store.remote.copies import on_this_machine
from gmv_core.store.remote.objects import Place
from gmv_core.store.workspace import Workspace

FILE = "reviews.sqlite"
VERSION = 1  # of the tables below, kept in the file as user_version
PATIENCE_SECONDS = 20  # until another session's transaction is done
# What SQLite says where it cannot write beside the file: no right to, or no room.
_BESIDE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR)
COPIES = 10  # of a file that is read elsewhere, until nobody wrote while it was copied

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
    place = workspace.root / FILE
    if not place.is_file():
        yield None
        return
    with on_this_machine(place) as path, _sentences(path), _to_read(path) as connection:
        if _version(connection, path):
            connection.execute("BEGIN")
            yield connection
            connection.rollback()
        else:
            yield None


@contextmanager
def writing(
    workspace: Workspace, needed: Right, doing: str, *, new: bool = False
) -> Iterator[sqlite3.Connection]:
    """Open the file for one transaction; it is kept when the block ends without an error.

    needed, doing: see `access.require`, whose AccessError it raises. new: whether the file is made
    where there is none; else that is a WorkspaceError.
    """
    require(needed, doing)
    place = workspace.root / FILE
    if not new and not place.is_file():
        raise WorkspaceError(f"There is no review in {workspace.root} yet; make one first.")
    with _writable(place) as path, _sentences(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_connected(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")  # a review is deleted for good
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


@contextmanager
def _writable(place: Place) -> Iterator[Path]:
    """Hand out the file; a copy of an object takes its place at the end."""
    if isinstance(place, Path):
        yield place
        return
    busy = "Another session is writing verdicts; do the same again in a moment."
    lock = place.with_name(f".{FILE}.lock")
    with (
        locked(lock, seconds=PATIENCE_SECONDS, busy=busy, unwritable=busy),
        aside(place) as copy,
    ):
        with suppress(FileNotFoundError):
            place.download(copy)
        yield copy


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextmanager
def _to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file where it lies, or a copy where nothing can be written beside it."""
    with closing(_connected(path)) as connection:
        refused = False
        try:
            connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.OperationalError as error:
            refused = _code(error) in _BESIDE
            if not refused:
                raise
        if not refused:
            yield connection
            return
    with TemporaryDirectory(prefix="gmv-reviews-") as folder:
        with closing(_connected(_copied(path, Path(folder)))) as connection:
            yield connection


def _copied(path: Path, folder: Path) -> Path:
    """Copy the file and its log, anew while someone writes, who may move one into the other."""
    parts = (path, path.with_name(f"{path.name}-wal"))
    for _ in range(COPIES):
        before = [_state(part) for part in parts]
        for part, there in zip(parts, before, strict=True):
            copy = folder / part.name
            if there is None:
                copy.unlink(missing_ok=True)
            else:
                shutil.copyfile(part, copy)
        if before == [_state(part) for part in parts]:
            break
    return folder / path.name


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the tables, 0 where there are none yet."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise WorkspaceError(
            f"{path} was written by a later version of this program (tables {version}, known: up "
            f"to {VERSION}); use that one."
        )
    return version


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary code of an error; the upper bits are its details."""
    return error.sqlite_errorcode & 0xFF


_DONE = "what was decided before is kept"
_REFUSALS = {
    sqlite3.SQLITE_BUSY: "another session has been writing in it for "
    f"{PATIENCE_SECONDS} seconds; wait a moment and do the same again: {_DONE}",
    sqlite3.SQLITE_FULL: f"no space is left; make room and do the same again: {_DONE}",
    sqlite3.SQLITE_READONLY: "it can only be read; ask whoever runs this for a workspace that can "
    "be written",
}


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise WorkspaceError(
            f"{path} cannot be used: "
            + _REFUSALS.get(
                _code(error),
                f"{error}. Check that the workspace can be written and that there is room, then "
                f"do the same again: {_DONE}",
            )
            + "."
        ) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        raise WorkspaceError(
            f"{path} is not a file of reviews, or is damaged ({error}); move it away to start anew."
        ) from error
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be used ({error.strerror or error}); check the workspace."
        ) from error
