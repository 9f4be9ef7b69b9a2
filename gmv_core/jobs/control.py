"""Long work as processes of their own: start, find, cancel and resume them.

A job is `python -m gmv_core …` on the same workspace, in a session of its own, so nothing that
happens to its starter stops it. What is known of it lies in its folder, see job.py.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
from msgspec.structs import replace

from gmv_core.errors import WorkspaceError
from gmv_core.jobs.job import (
    OUTCOME,
    PROGRESS,
    REQUEST,
    Job,
    Request,
    end_job,
    find_job,
    folder_of,
    list_jobs,
    process_of,
    requested,
)
from gmv_core.place import JOB_FOLDER
from gmv_core.store.access import Right, require
from gmv_core.store.files import now, remove, write_json
from gmv_core.store.workspace import HOME, Workspace

KEPT_DONE = 20  # finished jobs that are remembered


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
    require(Right.EDIT, "starting a job")
    known = list_jobs(workspace)
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
    folder = workspace.beside / "jobs" / f"{moment}-{secrets.token_hex(2)}"
    request = Request(
        title=title,
        target=target,
        arguments=tuple(arguments),
        uploads=str(uploads.absolute()) if uploads else "",
    )
    try:
        folder.mkdir(parents=True)
        return _spawn(workspace, folder, request)
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {workspace.beside} cannot be written ({error.strerror}); choose "
            "another with GMV_HOME."
        ) from error


def _spawn(workspace: Workspace, folder: Path, request: Request) -> Job:
    package = Path(__file__).resolve().parents[2]
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    # -P: the folder where the app was started is no place to import from.
    command = [sys.executable, "-P", "-m", "gmv_core", *request.arguments]
    root = str(workspace.root.absolute())
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--workspace", root],
            env={
                **os.environ,
                HOME: root,
                JOB_FOLDER: str(folder),
                "PYTHONPATH": os.pathsep.join(paths),
            },
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
    started = replace(request, started=now(), pid=process.pid, created=created)
    write_json(folder / REQUEST, msgspec.to_builtins(started))
    return find_job(workspace, folder.name)


def cancel(workspace: Workspace, id: str) -> Job:
    """Stop a job at once, with all processes that it started; what it committed is kept."""
    require(Right.EDIT, "stopping a job")
    folder = folder_of(workspace, id)
    if not find_job(workspace, id).active:
        return find_job(workspace, id)
    request = requested(folder)
    process = process_of(request) if request else None
    if process is not None:
        _kill(process)
    if not (folder / OUTCOME).exists():
        end_job(folder, "cancelled")
    return find_job(workspace, id)


def resume(workspace: Workspace, id: str) -> Job:
    """Run a job that did not finish again, with the same arguments; what was done is kept."""
    require(Right.EDIT, "starting a job")
    job = find_job(workspace, id)
    if job.active or job.state == "done":
        return job
    if job.uploads is not None and not job.uploads.exists():
        raise WorkspaceError(
            f"The uploads of {job.target!r} are gone; bring the images again to go on."
        )
    folder = folder_of(workspace, id)
    for name in (PROGRESS, OUTCOME):
        (folder / name).unlink(missing_ok=True)
    request = Request(
        title=job.title, target=job.target, arguments=job.arguments, uploads=str(job.uploads or "")
    )
    return _spawn(workspace, folder, request)


def forget(workspace: Workspace, id: str) -> None:
    """Remove a job that is over, its log and its uploads; one under way is cancelled first."""
    job = cancel(workspace, id)
    drop_uploads(workspace, job.uploads)
    folder = folder_of(workspace, id)
    remove(folder, folder.with_name(f".{id}.deleted"))


def drop_uploads(workspace: Workspace, uploads: Path | None) -> None:
    """Remove a folder of uploads, which must lie in this workspace."""
    require(Right.EDIT, "removing uploads")
    if uploads is not None and uploads.parent == workspace.beside / "uploads":
        shutil.rmtree(uploads, ignore_errors=True)


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
