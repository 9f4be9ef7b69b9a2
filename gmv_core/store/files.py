"""Files of a workspace: written aside and renamed, locked, removed whole; JSON; the time."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gmv_core.errors import WorkspaceError


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the millisecond, to tell two states of a set apart."""
    return as_moment(datetime.now(UTC))


def as_moment(time: datetime) -> str:
    """Return a time as `now` writes it; one without a zone is taken for UTC."""
    zoned = time if time.tzinfo else time.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).isoformat(timespec="milliseconds")


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Hand out a name to write to, which becomes `path` when that is done without an error.

    So a reader sees the old file or the new one, never a half. The name keeps the suffix. What a
    killed process left of it goes with the next writing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".*.{path.name}"):
        remove_of_the_dead(left, left.name[1:].partition(".")[0])
    unfinished = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def remove_of_the_dead(path: Path, pid: str) -> None:
    """Delete a file that a process of that number began, where there is no such process now."""
    import psutil

    if pid.isdecimal() and not psutil.pid_exists(int(pid)):
        path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, *, seconds: float, busy: str, unwritable: str) -> Iterator[None]:
    """Hold a lock file; the operating system lets go of it when the holder dies, however it does.

    seconds: to wait for another holder, −1 for as long as it takes. busy, unwritable: the sentences
    of the WorkspaceError where another process keeps it, or where the file cannot be made
    ("{reason}" in it is why).
    """
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, is_singleton=True)
        lock.acquire(timeout=seconds, poll_interval=min(0.2, max(seconds, 0.05)))
    except Timeout:
        raise WorkspaceError(busy) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise WorkspaceError(unwritable.replace("{reason}", reason)) from error
    try:
        yield
    finally:
        lock.release()


_DISK = {
    errno.ENOSPC: "no space is left",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "a file would be larger than allowed",
    errno.EROFS: "it can only be read",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EIO: "the disk reports an error",
}


def disk_problem(error: BaseException) -> str:
    """Return what a disk refused, in words, "" for any other error.

    Lance hands on the system's words in an OSError without a number, or in a RuntimeError.
    """
    if isinstance(error, OSError) and error.errno in _DISK:
        return _DISK[error.errno]
    if isinstance(error, OSError | RuntimeError):
        said = str(error).lower()
        return next((word for no, word in _DISK.items() if os.strerror(no).lower() in said), "")
    return ""


def write_json(path: Path, value: object) -> None:
    """Write aside, then rename: a reader sees the old file or the new one."""
    with aside(path) as unfinished:
        text = json.dumps(value, indent=2, ensure_ascii=False)
        unfinished.write_text(text, encoding="utf-8")


def finite(value: Any) -> Any:  # noqa: ANN401  (any JSON)
    """Return the value with null for nan and infinity, which are no JSON."""
    if isinstance(value, dict):
        return {key: finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def remove(folder: Path, grave: Path) -> None:
    """Rename, then delete: whoever is killed in between leaves no half of a folder to be found."""
    shutil.rmtree(grave, ignore_errors=True)
    folder.replace(grave)
    shutil.rmtree(grave)
