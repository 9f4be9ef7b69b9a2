"""Images that lie as files of their own: a folder, a single file, a list of uploads."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gmv_core.sources.names import (
    clean_name,
    folder_label,
    is_label_file,
    safe_name,
    skip_reason,
    unique_name,
)
from gmv_core.sources.source import Source, digest, files_digest, no_images, read_file
from gmv_core.types import SourceImage


@dataclass
class Folder:
    """What lies in a folder and below it.

    images: (name, size and time) of each image. others: names of the files that are none.
    """

    root: Path
    images: list[tuple[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    labels_file: Path | None = None


def list_folder(root: Path) -> Folder:
    """List a folder recursively, sorted by name.

    Links to files inside the folder are followed. Links to folders are not (what is inside is found
    where it lies), so a loop cannot hang; links that lead out are counted as skipped.
    """
    found = Folder(root)
    real_root = os.path.realpath(root)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError:
            if not folder:
                raise
            found.skipped["folder that cannot be read"] += 1
            continue
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            reason = _add(found, entry, name, real_root, pending)
            if reason:
                found.skipped[reason] += 1
    found.images.sort()
    found.others.sort()
    return found


def _add(
    found: Folder, entry: os.DirEntry[str], name: str, real_root: str, pending: list[str]
) -> str:
    """Put one entry where it belongs, or return why it is skipped."""
    if entry.is_symlink():
        target = os.path.realpath(entry.path)
        if not f"{target}/".startswith(f"{real_root.rstrip('/')}/"):
            return "link outside the folder"
        if not os.path.isfile(target):
            return "link to a folder or to nothing"
    if entry.is_dir(follow_symlinks=False):
        reason = skip_reason(f"{entry.name}/x.png", bytes)
        if not reason:
            pending.append(name)
        return reason
    if not entry.is_file():
        return "not a regular file"
    if is_label_file(name):
        # labels.csv goes before metadata.csv
        found.labels_file = min(filter(None, [found.labels_file, Path(entry.path)]))
        return ""
    reason = skip_reason(entry.name, partial(_head_or_nothing, entry.path))
    if not reason:
        info = entry.stat()
        found.images.append((name, f"{info.st_size}-{info.st_mtime_ns}"))
    elif reason != "hidden":
        found.others.append(name)
    return reason


def _head_or_nothing(path: str) -> bytes:
    try:
        return read_head(Path(path))
    except OSError:
        return b""


def open_folder(found: Folder) -> Source:
    """Return the source for a listed folder that holds at least one image."""
    # Names that are no UTF-8 are shown differently from how they stand on disk.
    on_disk = {clean_name(name): name for name, _ in found.images if clean_name(name) != name}
    names = [clean_name(name) for name, _ in found.images]

    def read(start: int) -> Iterator[SourceImage]:
        for name in names[start:]:
            data, error = read_file(found.root / on_disk.get(name, name))
            yield SourceImage(name, data, label=folder_label(name), error=error)

    return Source(
        kind="folder",
        location=str(found.root),
        names=names,
        total=len(names),
        skipped=found.skipped,
        fingerprint=digest(part for image in found.images for part in image),
        reader=read,
        labels_file=found.labels_file,
    )


def open_image_file(where: Path) -> Source:
    """Return a source of one image."""
    name = clean_name(where.name)

    def read(start: int) -> Iterator[SourceImage]:
        if start == 0:
            data, error = read_file(where)
            yield SourceImage(name, data, error=error)

    return Source("file", str(where), [name], 1, {}, files_digest([where]), read)


def open_uploads(files: Sequence[tuple[str, bytes | Path]]) -> Source:
    """List uploaded files given as (name, content or path on disk), in the order given.

    Names are made safe ("../x" → "x") and unique ("x (2).jpg"). An uploaded archive is no image
    here: give its path to `open_source`.

    Raises:
        SourceError: if none of them is an image.
    """
    skipped: Counter[str] = Counter()
    kept: list[tuple[str, bytes | Path]] = []
    labels_file: bytes | Path | None = None
    seen: set[str] = set()
    for raw_name, content in files:
        name = safe_name(raw_name)
        if is_label_file(name):
            labels_file = content  # of several, the last
            continue
        reason = skip_reason(name, partial(read_head, content))
        if reason:
            skipped[reason] += 1
        else:
            kept.append((unique_name(name, seen), content))
    if not kept:
        raise no_images("the uploads", skipped)

    def read(start: int) -> Iterator[SourceImage]:
        for name, content in kept[start:]:
            data, error = read_file(content) if isinstance(content, Path) else (content, "")
            yield SourceImage(name, data, label=folder_label(name), error=error)

    return Source(
        kind="uploads",
        location="uploads",
        names=[name for name, _ in kept],
        total=len(kept),
        skipped=skipped,
        fingerprint=digest(part for name, content in kept for part in (name, _mark(content))),
        reader=read,
        labels_file=labels_file,
    )


def read_head(content: bytes | Path) -> bytes:
    """Return the first 16 bytes."""
    if isinstance(content, bytes):
        return content[:16]
    with content.open("rb") as file:
        return file.read(16)


def _mark(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return f"{len(content)}-{zlib.crc32(content)}"
    info = content.stat()
    return f"{info.st_size}-{info.st_mtime_ns}"
