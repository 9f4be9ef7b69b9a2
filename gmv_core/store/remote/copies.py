"""What only works as a file of this machine: copies of objects, and a folder beside a workspace."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gmv_core.store.remote.objects import ObjectPath, Place


@contextmanager
def on_this_machine(path: Place) -> Iterator[Path]:
    """Lend a file of this machine with the content of one: itself, or a copy of an object.

    Raises FileNotFoundError where there is no such object. Of each object one copy is kept, the
    newest that was asked for; what is lent stays as it is when a newer one takes its place.
    """
    if isinstance(path, Path):
        yield path
        return
    folder = _cache() / "objects"
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{_here()}.{os.getpid()}.", dir=folder) as own:
        lent = Path(own) / path.name
        while not _linked(_kept(path, folder, Path(own)), lent):
            pass
        yield lent


def _kept(path: ObjectPath, folder: Path, own: Path) -> Path:
    """Return the copy of an object as it is now, fetched where there is none."""
    name, unfinished = hashlib.sha256(str(path).encode()).hexdigest()[:32], own / ".unfinished"
    while True:
        mark = path.etag()
        copy = folder / f"{name}-{''.join(filter(str.isalnum, mark))}{path.suffix}"
        if copy.exists():
            return copy
        path.download(unfinished)
        if path.etag() == mark:  # else it was replaced meanwhile, and which was fetched is not told
            break
    unfinished.replace(copy)
    for old in folder.glob(f"{name}-*"):
        if old != copy:
            old.unlink(missing_ok=True)
    _sweep(folder)
    return copy


def _linked(copy: Path, lent: Path) -> bool:
    """Give a copy another name; return whether it was still there."""
    try:
        try:
            os.link(copy, lent)
        except FileNotFoundError:
            raise
        except OSError:  # a file system without links
            shutil.copyfile(copy, lent)
    except FileNotFoundError:  # another session fetched a newer one
        return False
    return True


def _sweep(folder: Path) -> None:
    """Delete what processes of this machine that were killed had been lent.

    Others, or other containers, may share the folder, and have processes of their own.
    """
    import psutil

    own = f".{_here()}."
    for left in folder.glob(f"{own}*"):
        pid = left.name.removeprefix(own).partition(".")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _here() -> str:
    """Return the name of this machine as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node())


def beside(root: Place) -> Path:
    """Return the folder of this machine for what a workspace needs on one: jobs and uploads.

    It is the workspace itself where that is on a disk.
    """
    if isinstance(root, Path):
        return root.absolute()
    return _cache() / "workspaces" / hashlib.sha256(str(root).encode()).hexdigest()[:32]


def _cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("gmv-explorer", appauthor=False))
