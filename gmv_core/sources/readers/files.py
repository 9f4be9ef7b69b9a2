"""Images that lie as files of their own: a folder, a single file, a list of uploads."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from gmv_core.sources.addresses.address import Place
from gmv_core.sources.folders import Folders
from gmv_core.sources.names import (
    LABEL_FILES,
    UniqueNames,
    clean_name,
    is_label_file,
    safe_name,
    skip_reason,
)
from gmv_core.sources.readers.beside import (
    UNREADABLE,
    SideFiles,
    read_side_files,
    tables_among,
    unread_tables,
    with_folders,
)
from gmv_core.sources.readers.listing import Folder, read_head
from gmv_core.sources.readers.splits import chosen, labels_words
from gmv_core.sources.source import (
    Choices,
    FoundTable,
    PartReader,
    Source,
    digest,
    files_digest,
    no_images,
    read_file,
)
from gmv_core.types import SourceImage


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
        unread_tables=unread_tables(
            map(clean_name, found.others), {*map(clean_name, tables), *used}
        ),
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
    tables = dict[str, FoundTable]()
    others = list[str]()
    given = UniqueNames()
    for raw_name, content in files:
        name = safe_name(raw_name)
        if is_label_file(name):
            tables[name.lower()] = FoundTable(name, content)  # of several of a name, the last
            continue
        reason = skip_reason(name, partial(read_head, content))
        if reason:
            skipped[reason] += 1
            others.append(name)
        else:
            kept.append((given.made(name), content))
    if not kept:
        raise no_images("the uploads", skipped)
    folders = Folders(name for name, _ in kept)
    found = [tables[name] for name in reversed(LABEL_FILES) if name in tables]

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
        labels_file=found[-1].content if found else None,
        tables=found,
        label_of=lambda name: folders.meaning(name).label,
        unread_tables=unread_tables(others, ()),
    )


def _mark(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return f"{len(content)}-{zlib.crc32(content)}"
    info = content.stat()
    return f"{info.st_size}-{info.st_mtime_ns}"
