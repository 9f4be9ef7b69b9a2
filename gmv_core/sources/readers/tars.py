"""Tar archives, WebDataset shards among them, read as a stream.

Files that share a name up to its first dot belong together: `0.input.jpg` with `0.cls` (the label),
`0.txt` (a caption) and `0.json` (an object: `label`, `owner`, and anything else as attributes).
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, islice

from gmv_core.sources.addresses.address import Address, Place
from gmv_core.sources.folders import Folders
from gmv_core.sources.names import UniqueNames, clean_name, skip_reason
from gmv_core.sources.readers.beside import (
    MAX_HINTED,
    MAX_SIDE_FILE_BYTES,
    MAX_TABLE_BYTES,
    SIDE_SUFFIXES,
    TABLE_NAMES,
    UNREADABLE,
    SideFiles,
    described,
    left_out_words,
    may_be_table,
    tables_among,
    unread_tables,
    with_folders,
)
from gmv_core.sources.readers.splits import Shard, of_split
from gmv_core.sources.readers.tar_members import (
    BROKEN,
    content_of,
    member_too_large,
    members_of,
    opened_tar,
    skip_member,
)
from gmv_core.sources.source import (
    LARGE_BYTES,
    FoundTable,
    Source,
    files_digest,
    no_images,
    size_of,
)
from gmv_core.types import SourceImage

_GROUP_BYTES = LARGE_BYTES  # of neighbours of one name, held together until all are read
_MAX_LINKED_BYTES = 1 << 26  # held for hard links to come

# How far is looked ahead for tables and links before the images are read.
_LOOK_MEMBERS = 100_000
_LOOK_PACKED_BYTES = 1 << 28
_LOOK_REMOTE_BYTES = 1 << 24  # of one at an address: what is looked over is asked for twice


def open_tars(shards: Sequence[Shard]) -> Source:
    """Open one tar (also compressed), or the shards of a WebDataset in the order given.

    Raises:
        SourceError: if one is no tar, or there is no image in any.
    """
    skipped: Counter[str] = Counter()
    paths = [shard.path for shard in shards]
    looks, left_bytes = list[_Look](), MAX_TABLE_BYTES
    for path in paths:
        looks.append(_looked_over(path, left_bytes))
        left_bytes -= looks[-1].tables_bytes
    targets = {name for look in looks for name in look.targets}
    tables = [table for look in looks for table in look.tables]
    passed_over = {table.name for table in tables}

    def read(start: int) -> Iterator[SourceImage]:
        skipped.clear()
        progress = _Progress(count(-start), UniqueNames(), skipped, targets, passed_over, Folders())
        for shard in shards:
            prefix = f"{shard.name}/" if len(shards) > 1 else ""
            for image in _read_tar(shard.path, prefix, progress):
                yield of_split(image, shard.split)

    if next(read(0), None) is None:
        raise no_images(paths[0].name, skipped)
    skipped.clear()
    location = paths[0] if len(paths) == 1 else paths[0].parent
    return Source(
        "tar", str(location), None, None, skipped, files_digest(paths), read, tables=tables,
        labels_from="the names of the folders and the files beside the images",
        notes=left_out_words(name for look in looks for name in look.left_out),
        unread_tables=unread_tables((n for look in looks for n in look.others), passed_over),
    )  # fmt: skip


@dataclass(frozen=True)
class _Look:
    """What a tar's headers tell.

    targets: the members that hard links lead to. left_out: tables too large to be read there.
    others: members that look like tables.
    """

    tables: Sequence[FoundTable]
    targets: Collection[str]
    left_out: Sequence[str] = ()
    others: Sequence[str] = ()
    tables_bytes: int = 0


def _looked_over(path: Place, left_bytes: int) -> _Look:
    """Look over the members of a tar for label tables and hard links, as far as that is quick.

    left_bytes: that its tables may take.
    """
    tables: dict[str, bytes] = {}
    targets, left_out, others = set[str](), list[str](), list[str]()
    if isinstance(path, Address) and size_of(path) > _LOOK_REMOTE_BYTES:
        return _Look((), targets)
    with opened_tar(path) as archive:
        packed = not isinstance(archive.fileobj, io.BufferedReader)
        if packed and size_of(path) > _LOOK_PACKED_BYTES:
            return _Look((), targets)
        try:
            for member in islice(members_of(archive, path), _LOOK_MEMBERS):
                name = clean_name(member.name).removeprefix("./")
                if member.islnk():
                    targets.add(clean_name(member.linkname).removeprefix("./"))
                elif name.lower().endswith(TABLE_NAMES):
                    if member.size > left_bytes:
                        left_out.append(name)
                    else:
                        tables[name] = content_of(archive, member)
                        left_bytes -= member.size
                elif may_be_table(name) and len(others) <= MAX_HINTED:
                    others.append(name)
        except BROKEN:
            pass  # said where the images are read
    tops = {name.split("/")[0] for name in tables if "/" in name}
    roots = ["", *(f"{top}/" for top in tops)] if len(tops) == 1 else [""]
    found = [FoundTable(n, tables[n]) for n in tables_among(list(tables), roots)]
    return _Look(found, targets, left_out, others, sum(map(len, tables.values())))


@dataclass(frozen=True)
class _Progress:
    """What goes on from shard to shard.

    rows: the number of the next image, negative as long as the reading starts after it.
    targets: see _Look. tables: members that are no images' side files.
    """

    rows: Iterator[int]
    names: UniqueNames
    skipped: Counter[str]
    targets: Collection[str]
    tables: Collection[str]
    folders: Folders


@dataclass
class _Group:
    """Neighbours that share a name up to its first dot: images, and files that describe them.

    passed: images that were not read because the reading starts after them.
    """

    key: str = ""
    suffixes: set[str] = field(default_factory=set)
    images: list[tuple[str, SourceImage]] = field(default_factory=list)
    side_files: dict[str, bytes] = field(default_factory=dict)
    passed: int = 0
    held_bytes: int = 0

    def described(self, progress: _Progress) -> Iterator[SourceImage]:
        if self.side_files and not self.images and not self.passed:
            progress.skipped["not an image"] += len(self.side_files)
            return
        beside = SideFiles(self.side_files)
        unreadable = Counter[str]()
        for name, image in self.images:
            files = {file: self.side_files[file] for file in beside.of(name)}
            in_folders = with_folders(replace(image, name=name), progress.folders)
            yield replace(described(in_folders, files, unreadable), name=image.name)
        if not self.images:  # what cannot be read is counted all the same
            described(SourceImage(self.key, b""), self.side_files, unreadable)
        progress.skipped.update(dict.fromkeys(unreadable, 1))


def _read_tar(path: Place, shard: str, progress: _Progress) -> Iterator[SourceImage]:
    """Yield the images whose row is not negative; a break in the stream ends it with an error."""
    packed_bytes = size_of(path)
    group = _Group()
    linked, linked_bytes = dict[str, bytes](), 0
    try:
        with opened_tar(path) as archive:
            for member in members_of(archive, path):
                name = clean_name(member.name).removeprefix("./")
                key, suffix = _key(name)
                if key != group.key or suffix in group.suffixes:
                    yield from group.described(progress)
                    group = _Group(key)
                group.suffixes.add(suffix)
                if name in progress.tables:
                    continue
                if _is_side_file(member, name):
                    if group.held_bytes + member.size > _GROUP_BYTES:
                        progress.skipped[
                            f"{UNREADABLE}{posixpath.splitext(name)[1].lower()} file"
                        ] += 1
                        continue
                    group.side_files[name] = content_of(archive, member)
                    group.held_bytes += member.size
                    continue
                target = clean_name(member.linkname).removeprefix("./")
                is_link = member.islnk() and target in linked
                if is_link:
                    reason = skip_reason(name, partial(bytes, linked[target][:16]))
                else:
                    reason = skip_member(archive, member, name)
                if reason:
                    progress.skipped[reason] += 1
                    continue
                is_target = name in progress.targets
                unique = progress.names.made(shard + name)
                is_passed = next(progress.rows) < 0
                group.passed += is_passed
                if is_passed and not is_target:
                    continue
                error = "" if is_link else member_too_large(member, packed_bytes)
                data = linked[target] if is_link else b"" if error else content_of(archive, member)
                if is_target and linked_bytes + len(data) <= _MAX_LINKED_BYTES:
                    linked[name] = data
                    linked_bytes += len(data)
                if group.held_bytes > _GROUP_BYTES:
                    yield from group.described(progress)
                    group = _Group(key)
                if not is_passed:
                    group.images.append((name, SourceImage(unique, data, error=error)))
                    group.held_bytes += len(data)
    except BROKEN as error:
        yield from group.described(progress)
        if next(progress.rows) >= 0:
            reason = f"the archive breaks off here ({error}); what follows cannot be read"
            yield SourceImage(f"rest of {path.name}", b"", error=reason)
        return
    yield from group.described(progress)


def _key(name: str) -> tuple[str, str]:
    """Return a name up to the first dot of the file's own name, and what follows."""
    at = name.find(".", name.rfind("/") + 2)
    return (name, "") if at < 0 else (name[:at], name[at:])


def _is_side_file(member: tarfile.TarInfo, name: str) -> bool:
    suffix = posixpath.splitext(name)[1].lower()
    small = member.isfile() and member.size <= MAX_SIDE_FILE_BYTES
    return small and suffix in SIDE_SUFFIXES and "/." not in f"/{name}"
