"""Files of a workspace: written aside and renamed, locked, removed whole; JSON; the time.

On a disk or on an object store: what differs between them is here and in `remote`.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gmv_core.errors import WorkspaceError
from gmv_core.store.remote.lease import confirm, leased
from gmv_core.store.remote.objects import ObjectPath, Place, remove_objects


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the millisecond, to tell two states of a set apart."""
    return as_moment(datetime.now(UTC))


def as_moment(time: datetime) -> str:
    """Return a time as `now` writes it; one without a zone is taken for UTC."""
    zoned = time if time.tzinfo else time.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).isoformat(timespec="milliseconds")


@contextmanager
def aside(path: Place) -> Iterator[Path]:
    """Hand out a name to write to, which becomes `path` when that is done without an error.

    So a reader sees the old file or the new one, never a half. The name keeps the suffix. What a
    killed process left of it goes with the next writing.
    """
    if isinstance(path, ObjectPath):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / path.name
            confirm(path)
            path.upload(Path(folder) / path.name)
        return
    if path.exists() and not path.is_file():  # a device, or a pipe, would be replaced by a file
        raise FileExistsError(errno.EEXIST, "it is there, and is no file")
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
def locked(path: Place, *, seconds: float, busy: str, unwritable: str) -> Iterator[None]:
    """Hold a lock file; the operating system lets go of it when the holder dies, however it does.

    On an object store it is a lease, which ends by itself.

    seconds: to wait for another holder, −1 for as long as it takes. busy, unwritable: the sentences
    of the WorkspaceError where another process keeps it, or where the file cannot be made, or what
    is written under it ("{reason}" in it is why).
    """
    if isinstance(path, ObjectPath):
        with leased(path, seconds=seconds, busy=busy):
            yield
        return
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
    except OSError as error:
        if problem := disk_problem(error):
            raise WorkspaceError(unwritable.replace("{reason}", problem)) from error
        raise
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


def is_full(error: BaseException) -> bool:
    """Return whether a disk has no room for what was to be written."""
    return disk_problem(error) in [_DISK[no] for no in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)]


def write_json(path: Place, value: object) -> None:
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


def paths_in(folder: Place, pattern: str) -> list[Place]:
    """Return what a folder holds by a pattern, in order of the names; none where it is missing."""
    return sorted(folder.glob(pattern), key=lambda path: path.parts)


def sizes_below(folder: Place) -> dict[str, int]:
    """Return the size of each file below a folder, in bytes, by its place there."""
    if isinstance(folder, ObjectPath):
        return {str(path.relative_to(folder)): size for path, size in folder.sizes().items()}
    found = {}
    for place, _, names in os.walk(folder):  # passes over folders that vanish meanwhile
        for path in (Path(place, name) for name in names):
            with suppress(FileNotFoundError):  # a table is being written
                if path.is_file():
                    found[str(path.relative_to(folder))] = path.stat().st_size
    return dict(sorted(found.items(), key=lambda item: Path(item[0])))


def remove(folder: Place, grave: Place) -> None:
    """Rename, then delete: whoever is killed in between leaves no half of a folder to be found."""
    if isinstance(folder, ObjectPath):
        confirm(folder)
        remove_objects(folder)
        return
    assert isinstance(grave, Path)  # noqa: S101  (it lies beside the folder)
    shutil.rmtree(grave, ignore_errors=True)
    folder.replace(grave)
    shutil.rmtree(grave)
