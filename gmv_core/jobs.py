"""Long work as processes of their own: start, find, cancel and resume them.

A job is `python -m gmv_core …` on the same workspace, in a session of its own, so nothing that
happens to its starter stops it. All that is known of it lies in <workspace>/jobs/<id>/:

    job.json       what was asked, and which process does it
    progress.json  how far it is (written by the process, see job_process.py)
    outcome.json   how it ended; a process that is gone without one was interrupted
    log.txt        what the command printed
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from gmv_core.errors import WorkspaceError
from gmv_core.store.files import now, remove, write_json
from gmv_core.store.workspace import Workspace

FOLDER = "GMV_JOB"  # the environment variable that tells the process its job's folder
ACTIVE = ("queued", "running")
KEPT_DONE = 20  # finished jobs that are remembered
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


def start(
    workspace: Workspace,
    arguments: Sequence[str],
    *,
    title: str,
    target: str,
    uploads: Path | None = None,
) -> Job:
    """Start `python -m gmv_core <arguments>` on this workspace and return at once.

    Paths in the arguments should be absolute. Asked for the same again while it is under way,
    returns that job; raises WorkspaceError for other work on the same target.
    """
    known = jobs(workspace)
    for job in known:
        if job.active and job.target == target:
            if job.arguments == tuple(arguments):
                return job
            raise WorkspaceError(
                f"{target!r} is being worked on ({job.title}); wait until that is done, or "
                "cancel it."
            )
    for job in [j for j in known if j.state == "done"][KEPT_DONE:]:
        forget(workspace, job.id)
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    folder = workspace.root.absolute() / "jobs" / f"{moment}-{secrets.token_hex(2)}"
    asked = {
        "title": title,
        "target": target,
        "arguments": list(arguments),
        "uploads": str(uploads.absolute()) if uploads else "",
    }
    try:
        folder.mkdir(parents=True)
        return _spawn(workspace, folder, asked)
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {workspace.root} cannot be written ({error.strerror}); choose another "
            "with GMV_HOME."
        ) from error


def _spawn(workspace: Workspace, folder: Path, asked: dict[str, Any]) -> Job:
    package = Path(__file__).resolve().parent.parent
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "gmv_core", *asked["arguments"]]
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--workspace", str(workspace.root.absolute())],
            env={**os.environ, FOLDER: str(folder), "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        created = psutil.Process(process.pid).create_time()
    except psutil.NoSuchProcess:
        created = 0.0  # gone already: its log says why
    # Whoever started it must fetch its exit status, or it stays a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    write_json(
        folder / "job.json", {**asked, "started": now(), "pid": process.pid, "created": created}
    )
    return find(workspace, folder.name)


def jobs(workspace: Workspace) -> list[Job]:
    """Return the jobs of a workspace, the newest first."""
    folders = (path.parent for path in (workspace.root / "jobs").glob("*/job.json"))
    found = [_read(folder) for folder in sorted(folders, reverse=True)]
    return [job for job in found if job is not None]


def find(workspace: Workspace, id: str) -> Job:
    """Return one job; raise WorkspaceError where there is none of that id."""
    job = _read(_folder(workspace, id))
    if job is None:
        raise WorkspaceError(f"There is no job {id!r} in this workspace; it may be forgotten.")
    return job


def cancel(workspace: Workspace, id: str) -> Job:
    """Stop a job at once, with all processes that it started; what it committed is kept."""
    folder = _folder(workspace, id)
    if not find(workspace, id).active:
        return find(workspace, id)
    process = _process(_json(folder / "job.json"))
    if process is not None:
        _kill(process)
    if not (folder / "outcome.json").exists():
        end(folder, "cancelled")
    return find(workspace, id)


def resume(workspace: Workspace, id: str) -> Job:
    """Run a job that did not finish again, with the same arguments; what was done is kept."""
    job = find(workspace, id)
    if job.active or job.state == "done":
        return job
    if job.uploads is not None and not job.uploads.exists():
        raise WorkspaceError(
            f"The uploads of {job.target!r} are gone; bring the images again to go on."
        )
    folder = _folder(workspace, id)
    asked = {key: _json(folder / "job.json")[key] for key in ("title", "target", "arguments")}
    for name in ("progress.json", "outcome.json"):
        (folder / name).unlink(missing_ok=True)
    return _spawn(workspace, folder, {**asked, "uploads": str(job.uploads or "")})


def forget(workspace: Workspace, id: str) -> None:
    """Remove a job that is over, its log and its uploads; one under way is cancelled first."""
    job = cancel(workspace, id)
    drop_uploads(workspace, job.uploads)
    folder = _folder(workspace, id)
    remove(folder, folder.with_name(f".{id}.deleted"))


def end(folder: Path, state: str, message: str = "") -> None:
    """Write how a job ended."""
    write_json(folder / "outcome.json", {"state": state, "message": message, "ended": now()})


def drop_uploads(workspace: Workspace, uploads: Path | None) -> None:
    """Remove a folder of uploads, which must lie in this workspace."""
    if uploads is not None and uploads.parent == workspace.root.absolute() / "uploads":
        shutil.rmtree(uploads, ignore_errors=True)


def _folder(workspace: Workspace, id: str) -> Path:
    if not _ID.fullmatch(id):
        raise WorkspaceError(f"{id!r} is no job's id; see the list of jobs.")
    return workspace.root.absolute() / "jobs" / id


def _json(path: Path) -> dict[str, Any]:
    """Return a file's object, {} where there is none (or it was removed just now)."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content


def _read(folder: Path) -> Job | None:
    asked = _json(folder / "job.json")
    if not asked:
        return None
    # In this order: whatever ends in between has left its outcome.
    alive = _process(asked) is not None
    outcome = _json(folder / "outcome.json")
    step = _json(folder / "progress.json")
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


def _process(asked: dict[str, Any]) -> psutil.Process | None:
    """Return the job's process while it lives: not a zombie, nor a later one of the same number."""
    try:
        process = psutil.Process(asked["pid"])
        # The time is told in hundredths, and moves a little where the clock is set.
        same = abs(process.create_time() - asked["created"]) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _kill(process: psutil.Process) -> None:
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=10)
