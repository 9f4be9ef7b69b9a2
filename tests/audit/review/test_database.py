"""reviews.sqlite where it cannot be written, is in use, full or damaged: read, or one sentence."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gmv_core import Workspace, WorkspaceError, decide, join_review, list_reviews, make_review
from gmv_core.audit.review import database
from gmv_core.audit.review.database import FILE
from gmv_core.audit.review.people import reviewers
from gmv_core.audit.review.results import review_results
from gmv_core.audit.review.reviews import delete_review
from gmv_core.store import access

ROOT = Path(__file__).parents[3]
NOBODY = 65534


@pytest.fixture(autouse=True)
def no_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """No app asks its login here, however many pages other tests have drawn in this process."""
    monkeypatch.setattr(access, "_visitor", lambda: access.Right.EDIT)


@pytest.fixture
def review(reviewed: Workspace) -> str:
    id = make_review(reviewed, "run").id
    join_review(reviewed, id, "Ada")
    decide(reviewed, id, "Ada", 0, "yes")
    return id


@contextmanager
def as_reader(folder: Path) -> Iterator[Workspace]:
    """Give a copy of a workspace's reviews in a folder in which this process can write nothing."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        home.mkdir()
        for file in folder.glob(f"{FILE}*"):
            if not file.name.endswith("-shm"):
                shutil.copyfile(file, home / file.name)
        os.chmod(place, 0o755), os.chmod(home, 0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        try:
            yield Workspace(home)
        finally:
            if user == 0:
                os.seteuid(0)
            os.chmod(home, 0o755)


def test_where_nothing_can_be_written_reviews_are_read(reviewed: Workspace, review: str) -> None:
    told = review_results(reviewed, review).precision  # imports what that user may not read
    with as_reader(reviewed.root) as place:
        assert not os.access(place.root, os.W_OK, effective_ids=True)
        assert [one.id for one in list_reviews(place)] == [review]
        assert [(one.name, one.done) for one in reviewers(place, review)] == [("Ada", 1)]
        assert review_results(place, review).precision.equals(told)
        with pytest.raises(WorkspaceError, match=r"reviews.sqlite cannot be used: .*written"):
            decide(place, review, "Ada", 1, "yes")
        assert sorted(path.name for path in place.root.iterdir()) == [FILE]


def test_what_still_stands_in_the_log_is_read_there_too(reviewed: Workspace, review: str) -> None:
    with closing(sqlite3.connect(reviewed.root / FILE)) as other:  # keeps the log from its end
        other.execute("SELECT * FROM verdicts").fetchall()
        decide(reviewed, review, "Ada", 1, "no")
        assert (reviewed.root / f"{FILE}-wal").stat().st_size > 0
        with as_reader(reviewed.root) as place:
            assert [one.done for one in reviewers(place, review)] == [2]


def test_a_file_that_another_session_keeps_is_said(
    reviewed: Workspace, review: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.1)
    with closing(sqlite3.connect(reviewed.root / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorkspaceError, match="another session has been writing in it"):
            decide(reviewed, review, "Ada", 1, "no")
        assert [one.done for one in reviewers(reviewed, review)] == [1]  # is read all the same


FULL = """
import resource, signal, sys
from gmv_core import Workspace, WorkspaceError, decide
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
workspace = Workspace(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    decide(workspace, sys.argv[2], "Ada", 1, "no")
except WorkspaceError as error:
    print(error)
"""


def test_without_room_nothing_is_kept_and_nothing_is_lost(reviewed: Workspace, review: str) -> None:
    assert hasattr(signal, "SIGXFSZ") and resource.RLIMIT_FSIZE >= 0
    command = [sys.executable, "-c", FULL, str(reviewed.root), review]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "reviews.sqlite cannot be used: " in said and "was decided before is kept" in said
    assert [one.done for one in reviewers(reviewed, review)] == [1]
    decide(reviewed, review, "Ada", 1, "no")
    assert [one.done for one in reviewers(reviewed, review)] == [2]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no database at all" * 100, "not a file of reviews, or is damaged"),
        (b"SQLite format 3\0" + bytes(50), "not a file of reviews, or is damaged"),
    ],
)
def test_a_file_that_is_none_is_said(workspace: Workspace, content: bytes, problem: str) -> None:
    workspace.root.mkdir(parents=True)
    (workspace.root / FILE).write_bytes(content)
    with pytest.raises(WorkspaceError, match=problem):
        list_reviews(workspace)


def test_a_later_versions_file_and_a_damaged_design_are_said(
    reviewed: Workspace, review: str
) -> None:
    with closing(sqlite3.connect(reviewed.root / FILE, isolation_level=None)) as other:
        other.execute("UPDATE reviews SET design = '{}'")
    with pytest.raises(WorkspaceError, match="design of the review 'run-1' cannot be read"):
        list_reviews(reviewed)
    with closing(sqlite3.connect(reviewed.root / FILE, isolation_level=None)) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(WorkspaceError, match="written by a later version of this program"):
        list_reviews(reviewed)


def test_no_file_is_made_for_a_review_that_is_not_there(workspace: Workspace) -> None:
    for change in (lambda: join_review(workspace, "run-1", "Ada"),
                   lambda: delete_review(workspace, "run-1")):  # fmt: skip
        with pytest.raises(WorkspaceError, match="There is no review in"):
            change()
    assert not workspace.root.exists()


def test_what_is_deleted_is_gone_from_the_file(reviewed: Workspace, review: str) -> None:
    decide(reviewed, review, "Ada", 1, "no", note="A very particular sentence")
    assert b"A very particular sentence" in (reviewed.root / FILE).read_bytes()
    delete_review(reviewed, review)
    assert b"particular" not in (reviewed.root / FILE).read_bytes()
    assert not (reviewed.root / f"{FILE}-wal").exists()
