"""What only works as a file of this machine: copies of objects, and a folder beside a workspace."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from gmv_core.store.remote.objects import Place


def on_this_machine(path: Place) -> Path:
    """Return a file of this machine with the content of one: itself, or a copy that is kept.

    Raises FileNotFoundError where there is no such object. Of each object one copy is kept, the
    newest that was asked for.
    """
    if isinstance(path, Path):
        return path
    mark = "".join(filter(str.isalnum, path.etag()))
    folder, name = _cache() / "objects", hashlib.sha256(str(path).encode()).hexdigest()[:32]
    copy = folder / f"{name}-{mark}{path.suffix}"
    if copy.exists():
        return copy
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = copy.with_name(f".{os.getpid()}-{threading.get_ident()}.{copy.name}")
    try:
        path.download(unfinished)
        unfinished.replace(copy)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in folder.glob(f"{name}-*"):
        if old != copy:
            old.unlink(missing_ok=True)
    return copy


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
