"""What is known of a job, read from its folder <workspace>/jobs/<id>/:

job.json       what was asked, and which process does it
progress.json  how far it is (written by the process, see worker.py)
outcome.json   how it ended; a process that is gone without one was interrupted
log.txt        what the command printed
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from gmv_core.errors import WorkspaceError
from gmv_core.store.files import now, write_json
from gmv_core.store.workspace import Workspace

FOLDER = "GMV_JOB"  # the environment variable that tells the process its job's folder
ACTIVE = ("queued", "running")
INTERRUPTED = (
    "It was interrupted, as when a computer restarts or its memory is full; what was done is kept."
)
_ID = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{4}")


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
    folders = (path.parent for path in (workspace.root / "jobs").glob("*/job.json"))
    found = [_read(folder) for folder in sorted(folders, reverse=True)]
    return [job for job in found if job is not None]


def find_job(workspace: Workspace, id: str) -> Job:
    """Return one job; raise WorkspaceError where there is none of that id."""
    job = _read(folder_of(workspace, id))
    if job is None:
        raise WorkspaceError(f"There is no job {id!r} in this workspace; it may be forgotten.")
    return job


def end_job(folder: Path, state: str, message: str = "") -> None:
    """Write how a job ended."""
    write_json(folder / "outcome.json", {"state": state, "message": message, "ended": now()})


def folder_of(workspace: Workspace, id: str) -> Path:
    if not _ID.fullmatch(id):
        raise WorkspaceError(f"{id!r} is no job's id; see the list of jobs.")
    return workspace.root.absolute() / "jobs" / id


def read_object(path: Path) -> dict[str, Any]:
    """Return a file's object, {} where there is none (or it was removed just now)."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content


def _read(folder: Path) -> Job | None:
    asked = read_object(folder / "job.json")
    if not asked:
        return None
    # In this order: whatever ends in between has left its outcome.
    alive = process_of(asked) is not None
    outcome = read_object(folder / "outcome.json")
    step = read_object(folder / "progress.json")
    state = step.get("state", "queued") if alive else "interrupted"
    message = "" if alive else INTERRUPTED
    if outcome:
        state, message = outcome["state"], outcome["message"]
    done, total, rate = step.get("done", 0), step.get("total"), step.get("rate")
    left = None
    if state == "running" and rate and total is not None:
        left = max(0.0, (total - done) / rate - (time.time() - step["time"]))
    return Job(
        id=folder.name,
        title=asked["title"],
        target=asked["target"],
        arguments=tuple(asked["arguments"]),
        state=state,
        stage=step.get("stage", ""),
        done=done,
        total=total,
        rate=rate,
        seconds_left=left,
        message=message,
        started=asked["started"],
        updated=outcome.get("ended") or step.get("updated") or asked["started"],
        uploads=Path(asked["uploads"]) if asked["uploads"] else None,
    )


def process_of(asked: dict[str, Any]) -> psutil.Process | None:
    """Return the job's process while it lives: not a zombie, nor a later one of the same number."""
    try:
        process = psutil.Process(asked["pid"])
        # The time is told in hundredths, and moves a little where the clock is set.
        same = abs(process.create_time() - asked["created"]) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
