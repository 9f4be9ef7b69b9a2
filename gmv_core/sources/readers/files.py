"""Images that lie as files of their own: a folder, a single file, a list of uploads."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from gmv_core.sources.address import Address, Place, mark_of, read_all
from gmv_core.sources.folders import Folders
from gmv_core.sources.names import clean_name, is_label_file, safe_name, skip_reason, unique_name
from gmv_core.sources.readers.beside import (
    UNREADABLE,
    SideFiles,
    read_side_files,
    tables_among,
    with_folders,
)
from gmv_core.sources.readers.splits import chosen, labels_words
from gmv_core.sources.source import (
    MAX_FILE_BYTES,
    Choices,
    FoundTable,
    PartReader,
    Source,
    digest,
    files_digest,
    no_images,
    read_file,
    too_large,
)
from gmv_core.types import SourceImage

_LINKED_OUT = "link outside the folder"
_LINKED_IN = "link to a folder or to nothing"


@dataclass
class Folder:
    """What lies in a folder and below it.

    images: (name, size and time) of each image. others: names of the files that are none. sizes:
    of the images, where they lie at an address.
    outer_links, inner_links: links to folders out of it, and in it. within: folders that links may
    not leave, None for any on the command line.
    """

    root: Place
    within: Sequence[Path] | None = None
    images: list[tuple[str, str]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    outer_links: list[str] = field(default_factory=list)
    inner_links: list[str] = field(default_factory=list)
    _tables: dict[str, bytes] = field(default_factory=dict)

    @property
    def labels_file(self) -> Path | bytes | None:
        """Return `labels.csv`, else `metadata.csv`, at the root."""
        at_root = sorted(name for name in self.others if is_label_file(name))
        return self.table(at_root[0]) if at_root else None

    def table(self, name: str) -> Path | bytes:
        """Return a table of labels as a path, or as its bytes where it lies at an address."""
        place = self.root / name
        if not isinstance(place, Address):
            return place
        if name not in self._tables:
            self._tables[name] = place.read_bytes()
        return self._tables[name]

    def read(self, names: Sequence[str]) -> Iterator[tuple[bytes, str]]:
        """Yield the bytes of files and "", or b"" and why they cannot be read."""
        if isinstance(self.root, Address):
            sizes = [self.sizes[name] for name in names]
            yield from read_all([self.root / name for name in names], sizes)
        else:
            yield from (read_file(self.root / name) for name in names)


def list_folder(root: Path, within: Sequence[Path] | None = None) -> Folder:
    """List a folder recursively, sorted by name.

    Links to files inside the folder, and to the blobs of a Hugging Face cache that it lies in, are
    followed. Links to folders are not (what is inside is found where it lies), so a loop cannot
    hang; links that lead out are counted as skipped.
    """
    found = Folder(root, within)
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
        cached = {entry.name for entry in entries} & {"snapshots", "snapshot"}
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            # What a Hugging Face cache stores as blobs is read by the names of its snapshots.
            hidden = entry.name == "blobs" and cached and entry.is_dir(follow_symlinks=False)
            reason = "hidden" if hidden else _add(found, entry, name, pending)
            if reason:
                found.skipped[reason] += 1
    found.images.sort()
    found.others.sort()
    return found


def list_address(root: Address) -> Folder:
    """List what lies below an address, sorted by name."""
    found = Folder(root)
    for name, told in root.listed().items():
        size_bytes = int(told["size"] or 0)
        reason = skip_reason(name, partial(_head_or_nothing, root / name))
        if not reason and too_large(size_bytes):
            reason = f"larger than {MAX_FILE_BYTES:,} bytes"
        elif not reason:
            found.sizes[name] = size_bytes
            found.images.append((name, f"{found.sizes[name]}-{mark_of(told)}"))
        elif reason != "hidden":
            found.others.append(name)
        if reason:
            found.skipped[reason] += 1
    return found


def _add(found: Folder, entry: os.DirEntry[str], name: str, pending: list[str]) -> str:
    """Put one entry where it belongs, or return why it is skipped."""
    if entry.is_symlink():
        reason = _link_reason(found, entry, name)
        if reason:
            return reason
    if entry.is_dir(follow_symlinks=False):
        reason = skip_reason(f"{entry.name}/x.png", bytes)
        if not reason:
            pending.append(name)
        return reason
    if not entry.is_file():
        return "not a regular file"
    reason = skip_reason(entry.name, partial(_head_or_nothing, Path(entry.path)))
    if not reason:
        info = entry.stat()
        found.images.append((name, f"{info.st_size}-{info.st_mtime_ns}"))
    elif reason != "hidden":
        found.others.append(name)
    return reason


def _link_reason(found: Folder, entry: os.DirEntry[str], name: str) -> str:
    """Return why a link is not followed, "" if it is."""
    root, target = os.path.realpath(str(found.root)), os.path.realpath(entry.path)
    inside = _is_below(target, root)
    allowed = inside or any(_is_below(target, blobs) for blobs in _blobs_of(root))
    if allowed and not inside and found.within is not None:
        allowed = any(_is_below(target, os.path.realpath(place)) for place in found.within)
    if not allowed:
        if os.path.isdir(target):
            found.outer_links.append(name)
        return _LINKED_OUT
    if os.path.isdir(target):
        found.inner_links.append(name)
    return "" if os.path.isfile(target) else _LINKED_IN


def _is_below(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")


def _blobs_of(root: str) -> Iterator[str]:
    """Yield where a Hugging Face cache keeps the files of the snapshot that `root` lies in."""
    parts = root.split("/")
    for at, part in enumerate(parts):
        if part in ("snapshots", "snapshot"):
            yield "/".join([*parts[:at], "blobs"])


def _head_or_nothing(path: Place) -> bytes:
    try:
        return read_head(path)
    except OSError:
        return b""


def open_folder(found: Folder, split: str = "") -> Source:
    """Return the source for a listed folder that holds at least one image of those splits."""
    # Names that are no UTF-8 are shown differently from how they stand on disk.
    on_disk = {clean_name(name): name for name, _ in found.images if clean_name(name) != name}
    marks = {clean_name(name): mark for name, mark in found.images}
    folders = Folders(marks)
    taken = chosen(list(marks), folders, split)
    names = taken.names
    tables = tables_among(found.others)
    side_files = SideFiles(name for name in found.others if name not in tables)
    used = {file for name in names for file in side_files.of(name)}
    skipped = found.skipped + taken.skipped
    skipped["not an image"] -= len(tables) + len(used)
    skipped = +skipped
    labels_file = found.labels_file

    def described(names: Iterable[str]) -> Iterator[SourceImage]:
        return (with_folders(SourceImage(name, b""), folders) for name in names)

    def read(start: int) -> Iterator[SourceImage]:
        for reason in [r for r in skipped if r.startswith(UNREADABLE)]:
            del skipped[reason]
        some = names[start:]
        files = [on_disk.get(name, name) for name in some]
        return _read_files(found, files, described(some), side_files, skipped)

    def part(start: int, stop: int) -> PartReader:
        some = names[start:stop]
        files = [on_disk.get(name, name) for name in some]
        sizes = {file: found.sizes[file] for file in files if file in found.sizes}
        beside = SideFiles(file for name in some for file in side_files.of(name))
        images = list(described(some))
        return partial(_read_files, Folder(found.root, sizes=sizes), files, images, beside)

    return Source(
        kind="folder",
        location=str(found.root),
        names=names,
        total=len(names),
        skipped=skipped,
        fingerprint=digest(
            mark for name in names for mark in (on_disk.get(name, name), marks[name])
        ),
        reader=read,
        labels_file=labels_file,
        tables=[FoundTable(clean_name(name), found.table(name)) for name in tables],
        label_of=None if used else lambda name: folders.meaning(name).label,
        labels_from=labels_words(used, folders, names),
        notes=(*_linked_words(found), *taken.notes),
        choices=Choices(splits=taken.counts, split=taken.split),
        part=part,
    )


def _read_files(
    folder: Folder,
    files: Sequence[str],
    images: Iterable[SourceImage],
    side_files: SideFiles,
    skipped: Counter[str],
) -> Iterator[SourceImage]:
    """Yield the images with their bytes and what the files beside them say. files: on disk."""
    for image, (data, error) in zip(images, folder.read(files), strict=True):
        yield read_side_files(
            replace(image, data=data, error=error),
            side_files,
            lambda file: read_file(folder.root / file),
            skipped,
        )


def _linked_words(found: Folder) -> list[str]:
    said = []
    if found.outer_links:
        shown = ", ".join(map(clean_name, sorted(found.outer_links)[:3]))
        said.append(
            f"Linked folders that lead out of the source are not read ({shown}); "
            "give the folders that they lead to."
        )
    if found.inner_links:
        shown = ", ".join(map(clean_name, sorted(found.inner_links)[:3]))
        said.append(f"Linked folders are read where they lie, not as links ({shown}).")
    return said


def open_image_file(where: Place) -> Source:
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
    table: FoundTable | None = None
    seen: set[str] = set()
    for raw_name, content in files:
        name = safe_name(raw_name)
        if is_label_file(name):
            table = FoundTable(name, content)  # of several, the last
            continue
        reason = skip_reason(name, partial(read_head, content))
        if reason:
            skipped[reason] += 1
        else:
            kept.append((unique_name(name, seen), content))
    if not kept:
        raise no_images("the uploads", skipped)
    folders = Folders(name for name, _ in kept)

    def read(start: int) -> Iterator[SourceImage]:
        for name, content in kept[start:]:
            data, error = read_file(content) if isinstance(content, Path) else (content, "")
            yield with_folders(SourceImage(name, data, error=error), folders)

    return Source(
        kind="uploads",
        location="uploads",
        names=[name for name, _ in kept],
        total=len(kept),
        skipped=skipped,
        fingerprint=digest(part for name, content in kept for part in (name, _mark(content))),
        reader=read,
        labels_file=table.content if table else None,
        tables=[table] if table else [],
        label_of=lambda name: folders.meaning(name).label,
    )


def read_head(content: bytes | Place) -> bytes:
    """Return the first 16 bytes."""
    if isinstance(content, bytes):
        return content[:16]
    if isinstance(content, Address):
        return content.head(16)
    with content.open("rb") as file:
        return file.read(16)


def _mark(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return f"{len(content)}-{zlib.crc32(content)}"
    info = content.stat()
    return f"{info.st_size}-{info.st_mtime_ns}"
