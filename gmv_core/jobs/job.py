"""What is known of a job, read from its folder <workspace>/jobs/<id>/:

job.json       what was asked, and which process does it
progress.json  how far it is (written by the process, see worker.py)
outcome.json   how it ended; a process that is gone without one was interrupted
log.txt        what the command printed
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import psutil

from gmv_core.errors import WorkspaceError
from gmv_core.store.files import now, write_json
from gmv_core.store.workspace import Workspace

ACTIVE = ("queued", "running")
INTERRUPTED = (
    "It was interrupted, as when a computer restarts or its memory is full; what was done is kept."
)
REQUEST, PROGRESS, OUTCOME = "job.json", "progress.json", "outcome.json"
T = TypeVar("T")
_ID = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{4}")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, and the process that does it. created: its start, seconds since 1970."""

    title: str
    target: str
    arguments: tuple[str, ...]
    uploads: str = ""
    started: str = ""
    pid: int = 0
    created: float = 0.0


class Step(msgspec.Struct, frozen=True):
    """How far a process is, as in `Progress`; time: of writing, seconds since 1970."""

    state: str = "queued"
    stage: str = ""
    done: int = 0
    total: int | None = None
    rate: float | None = None
    time: float = 0.0
    updated: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """How a job ended."""

    state: str
    message: str
    ended: str


@dataclass(frozen=True)
class Job:
    """What is known of a job.

    id: sorts by time of asking. title: what it does, in words.
    target: name of the set, run or model it makes.
    arguments: of `python -m gmv_core`.
    state: "queued" (waits for another that writes in the workspace), "running", "done", "failed",
        "cancelled" or "interrupted"; the last three can be resumed.
    stage, done, total: as in `Progress`; the stage is "" before the first.
    rate: images a second lately. seconds_left: of this stage, at that rate.
    message: the sentence of a failure or an interruption, else "".
    started, updated: ISO 8601, UTC.
    uploads: the folder of uploads that it reads, removed when the job is done or forgotten.
    """

    id: str
    title: str
    target: str
    arguments: tuple[str, ...]
    state: str
    stage: str
    done: int
    total: int | None
    rate: float | None
    seconds_left: float | None
    message: str
    started: str
    updated: str
    uploads: Path | None = None

    @property
    def active(self) -> bool:
        """Whether its process is at work or waiting."""
        return self.state in ACTIVE


def list_jobs(workspace: Workspace) -> list[Job]:
    """Return the jobs of a workspace, the newest first."""
    folders = (path.parent for path in (workspace.beside / "jobs").glob("*/job.json"))
    found = [_job(folder) for folder in sorted(folders, reverse=True)]
    return [job for job in found if job is not None]


def find_job(workspace: Workspace, id: str) -> Job:
    """Return one job; raise WorkspaceError where there is none of that id."""
    job = _job(folder_of(workspace, id))
    if job is None:
        raise WorkspaceError(f"There is no job {id!r} in this workspace; it may be forgotten.")
    return job


def end_job(folder: Path, state: str, message: str = "") -> None:
    """Write how a job ended."""
    write_json(folder / OUTCOME, msgspec.to_builtins(Outcome(state, message, now())))


def folder_of(workspace: Workspace, id: str) -> Path:
    """Return a job's folder; raise WorkspaceError for what is no id."""
    if not _ID.fullmatch(id):
        raise WorkspaceError(f"{id!r} is no job's id; see the list of jobs.")
    return workspace.beside / "jobs" / id


def requested(folder: Path) -> Request | None:
    """Return what a job was asked to do, None where that cannot be read."""
    return _read(folder / REQUEST, Request)


def _read(path: Path, kind: type[T]) -> T | None:
    """Return a file's record, None where there is none (any more) or it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _job(folder: Path) -> Job | None:
    request = requested(folder)
    if request is None:
        return None
    # In this order: whatever ends in between has left its outcome.
    alive = process_of(request) is not None
    outcome = _read(folder / OUTCOME, Outcome)
    step = _read(folder / PROGRESS, Step) or Step()
    state = step.state if alive else "interrupted"
    message = "" if alive else INTERRUPTED
    if outcome:
        state, message = outcome.state, outcome.message
    left = None
    if state == "running" and step.rate and step.total is not None:
        left = max(0.0, (step.total - step.done) / step.rate - (time.time() - step.time))
    return Job(
        id=folder.name,
        title=request.title,
        target=request.target,
        arguments=request.arguments,
        state=state,
        stage=step.stage,
        done=step.done,
        total=step.total,
        rate=step.rate,
        seconds_left=left,
        message=message,
        started=request.started,
        updated=(outcome and outcome.ended) or step.updated or request.started,
        uploads=Path(request.uploads) if request.uploads else None,
    )


def process_of(request: Request) -> psutil.Process | None:
    """Return the job's process while it lives: not a zombie, nor a later one of the same number."""
    try:
        process = psutil.Process(request.pid)
        # The time is told in hundredths, and moves a little where the clock is set.
        same = abs(process.create_time() - request.created) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, ValueError):  # ValueError: no number of a process
        return None
