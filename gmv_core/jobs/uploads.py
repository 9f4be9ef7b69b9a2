"""Uploads, spooled to <workspace>/uploads/<id>/, and paths on the server that may be read.

What was uploaded is a source like any other once it lies on the disk: a folder of images, or one
archive. A job removes its uploads when it is done (see control.py).
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gmv_core.errors import SettingsError, SourceError
from gmv_core.jobs import control
from gmv_core.jobs.job import list_jobs
from gmv_core.place import JOB_FOLDER
from gmv_core.sources.names import UniqueNames, safe_name
from gmv_core.sources.on_server import open_on_server, roots
from gmv_core.sources.opening import open_source
from gmv_core.sources.readers.beside import tables_among
from gmv_core.sources.readers.listing import list_folder
from gmv_core.sources.source import Source, no_images
from gmv_core.store.access import Right, require
from gmv_core.store.files import locked
from gmv_core.store.workspace import Workspace
from gmv_core.words import SIZE_UNITS, size_text

LIMIT = "GMV_UPLOAD_LIMIT"  # as in "500 MB"
DEFAULT_LIMIT = "20 GB"
SPOOL_SECONDS = 600  # that an upload waits for another one
ABANDONED_SECONDS = 24 * 3600.0  # uploads that no job took
_BLOCK_BYTES = 1 << 20
_NAME_BYTES = 200  # file systems end at 255
_ARCHIVES = (
    ".zip", ".npz", ".parquet", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz"
)  # fmt: skip
_COMPRESSED = (".gz", ".bz2", ".xz")  # an IDX file too


class Upload(Protocol):
    """A named file-like object, read from its start: Streamlit's uploads, or an open file."""

    @property
    def name(self) -> str: ...
    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, /) -> int: ...


def limit_bytes() -> int:
    """Return how much all uploads of a workspace may take; raise SettingsError for nonsense."""
    text = os.environ.get(LIMIT) or DEFAULT_LIMIT
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    if not found:
        raise SettingsError(f'{LIMIT} is {text!r}; write it like "{DEFAULT_LIMIT}" or "500 MB".')
    return int(float(found[1]) * SIZE_UNITS[found[2].upper()])


def used_bytes(workspace: Workspace) -> int:
    """Return what the uploads of a workspace take."""
    # os.walk passes over what another session removes meanwhile.
    walk = os.walk(workspace.beside / "uploads")
    return sum(_size(Path(folder, name)) for folder, _, names in walk for name in names)


def spool(workspace: Workspace, files: Sequence[Upload], *, table: Upload | None = None) -> Path:
    """Write uploads to a new folder below <workspace>/uploads and return it.

    Paths in their names are kept, without a top folder that all share; they are made safe and
    unique. table: a label CSV given beside them. Raises SourceError over the limit, and where the
    disk cannot be written; then nothing is left.
    """
    require(Right.EDIT, "keeping uploads")
    sweep(workspace)
    # One at a time: two that look at what is left at once would both take it.
    with locked(
        workspace.beside / ".uploads.lock",
        seconds=SPOOL_SECONDS,
        busy="Another upload is being written; try again when it is done.",
        unwritable=f"The workspace {workspace.beside} cannot be written ({{reason}}); choose "
        "another with GMV_HOME.",
    ):
        return _spool(workspace, files, table)


def _spool(workspace: Workspace, files: Sequence[Upload], table: Upload | None) -> Path:
    folder = workspace.beside / "uploads" / secrets.token_hex(6)
    left = limit_bytes() - used_bytes(workspace)
    try:
        (folder / "files").mkdir(parents=True)
        for name, file in zip(_names([file.name for file in files]), files, strict=True):
            left -= _write(folder / "files" / name, file, left)
        if table is not None:
            _write(folder / "labels.csv", table, left)
    except _OverLimit:
        shutil.rmtree(folder, ignore_errors=True)
        raise SourceError(
            f"These files exceed what uploads may take here: {size_text(limit_bytes())} in all, of "
            f"which {size_text(used_bytes(workspace))} are in use; dismiss jobs that you do not "
            f"need, give fewer files, or start the app with a larger {LIMIT}."
        ) from None
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise SourceError(
            f"The uploads cannot be written ({error.strerror or error}); give other files, or make "
            "room on the disk of the workspace."
        ) from error
    except BaseException:  # an error of the program, or the end of the session
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def is_packed(name: str) -> bool:
    """Return whether a file of that name holds many images: an archive, or a compressed file."""
    return name.lower().endswith((*_ARCHIVES, *_COMPRESSED))


def open_spooled(folder: Path, *, reading: str = "", split: str = "") -> Source:
    """Return the source that a folder of uploads is, with the label CSV given beside it.

    reading, split: see `open_source`.

    Raises:
        SourceError: for no images, for several archives, for an archive among images.
    """
    files = folder / "files"
    found = list_folder(files)
    archives = [name for name in found.others if name.lower().endswith(_ARCHIVES)]
    if archives and found.images:
        raise SourceError(
            f"An archive ({archives[0]}) was given together with {len(found.images):,} images; "
            "give one archive by itself, or only images."
        )
    packed = [name for name in archives if name.lower().endswith((".zip", ".npz"))]
    if packed and len(archives) > 1:
        raise SourceError(
            f"{len(archives)} archives were given ({', '.join(archives[:3])}); "
            "give one now, and add the others to the set later."
        )
    if not found.images and not found.others:
        raise no_images("what was uploaded", found.skipped)
    beside = folder / "labels.csv"
    tables = tables_among(found.others)
    packed = [name for name in found.others if name not in tables]
    alone = not found.images and len(packed) == 1
    try:
        place = files / packed[0] if alone else files
        source = open_source(place, reading="" if alone else reading, split=split)
    except SourceError as error:
        raise SourceError(str(error).replace(str(files), "what was uploaded")) from error
    if beside.exists():
        return with_table(source, folder)
    if alone and found.labels_file:
        return replace(source, labels_file=found.labels_file, table_given=True)
    return source


def open_given(workspace: Workspace, path: str, *, reading: str = "", split: str = "") -> Source:
    """Open the source that a command was given, as the process of a job only where it may be read.

    The app checked it, but what lies at a path can be another thing by now. Without roots, no path
    comes from the app.

    Raises:
        SourceError: where a job's source is neither an upload nor below one of `on_server.roots`.
    """
    place = workspace.beside / "uploads"
    if JOB_FOLDER in os.environ and roots() and place not in Path(path).parents:
        return open_on_server(path, reading=reading, split=split)
    return open_source(path, reading=reading, split=split)


def with_table(source: Source, folder: Path) -> Source:
    """Return a source with the label CSV that was uploaded into `folder`."""
    return replace(source, labels_file=folder / "labels.csv", table_given=True)


def uploads_of(workspace: Workspace, source: Source) -> Path | None:
    """Return the folder of uploads that a source reads, None where it reads none."""
    place = workspace.beside / "uploads"
    for path in (source.labels_file, Path(source.location)):
        if isinstance(path, Path) and place in path.parents:
            return place / path.relative_to(place).parts[0]
    return None


def sweep(workspace: Workspace) -> None:
    """Remove uploads that no job reads and that were made more than a day ago."""
    needed = {job.uploads for job in list_jobs(workspace)}
    for folder in (workspace.beside / "uploads").glob("*"):
        if folder not in needed and _age_seconds(folder) > ABANDONED_SECONDS:
            control.drop_uploads(workspace, folder)


class _OverLimit(Exception):
    """The next block would exceed the limit."""


def _names(raw: Sequence[str]) -> list[str]:
    names = ["/".join(_short(part) for part in safe_name(name).split("/")) for name in raw]
    tops = {name.partition("/")[0] for name in names}
    if len(tops) == 1 and all("/" in name for name in names):
        names = [name.partition("/")[2] for name in names]
    return list(map(UniqueNames().made, names))


def _short(part: str) -> str:
    if len(part.encode()) <= _NAME_BYTES:
        return part
    stem, suffix = os.path.splitext(part)
    return stem[: _NAME_BYTES // 4 - 10] + suffix[:10]


def _write(path: Path, file: Upload, left: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    file.seek(0)
    written = 0
    with path.open("wb") as target:
        while block := file.read(_BLOCK_BYTES):
            written += len(block)
            if written > left:
                raise _OverLimit
            target.write(block)
    return written


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0  # removed just now


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0  # removed just now
