"""Tar archives, WebDataset shards among them, read as a stream.

Files that share a name up to its first dot belong together: `0.input.jpg` with `0.cls` (the label),
`0.txt` (a caption) and `0.json` (an object: `label`, `owner`, and anything else as attributes).
"""

from __future__ import annotations

import io
import lzma
import posixpath
import tarfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, islice
from typing import IO, Any, cast

from gmv_core.errors import SourceError
from gmv_core.sources.address import Address, Place
from gmv_core.sources.folders import Folders
from gmv_core.sources.names import clean_name, skip_reason, unique_name
from gmv_core.sources.readers.beside import (
    MAX_SIDE_FILE_BYTES,
    SIDE_SUFFIXES,
    TABLE_NAMES,
    SideFiles,
    described,
    tables_among,
    with_folders,
)
from gmv_core.sources.readers.splits import Shard, of_split
from gmv_core.sources.source import (
    LARGE_BYTES,
    MAX_RATIO,
    RATIO_FREE_BYTES,
    FoundTable,
    Source,
    check_members,
    files_digest,
    no_images,
    size_of,
    too_large,
)
from gmv_core.types import SourceImage

_BROKEN = (
    tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, RecursionError
)  # fmt: skip
_MAX_HEADER_BYTES = 1 << 20  # of one member: long names, pax records, a map of holes
_GROUP_BYTES = LARGE_BYTES  # of neighbours of one name, held together until all are read
_MAX_TABLE_BYTES = 1 << 26
_MAX_LINKED_BYTES = 1 << 26  # held for hard links to come
# How far is looked ahead for tables and links before the images are read.
_LOOK_MEMBERS = 100_000
_LOOK_PACKED_BYTES = 1 << 28
_LOOK_REMOTE_BYTES = 1 << 24  # of one at an address: what is looked over is asked for twice
_BLOCK_BYTES = 512


def open_tars(shards: Sequence[Shard]) -> Source:
    """Open one tar (also compressed), or the shards of a WebDataset in the order given.

    Raises:
        SourceError: if one is no tar, or there is no image in any.
    """
    skipped: Counter[str] = Counter()
    paths = [shard.path for shard in shards]
    looks = [_looked_over(path) for path in paths]
    targets = {name for look in looks for name in look.targets}
    tables = [table for look in looks for table in look.tables]
    passed_over = {table.name for table in tables}

    def read(start: int) -> Iterator[SourceImage]:
        skipped.clear()
        progress = _Progress(count(-start), set(), skipped, targets, passed_over, Folders())
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
    )  # fmt: skip


@dataclass(frozen=True)
class _Look:
    """What a tar's headers tell. targets: the members that hard links lead to."""

    tables: Sequence[FoundTable]
    targets: Collection[str]


def _looked_over(path: Place) -> _Look:
    """Look over the members of a tar for label tables and hard links, as far as that is quick."""
    tables: dict[str, bytes] = {}
    targets = set[str]()
    if isinstance(path, Address) and size_of(path) > _LOOK_REMOTE_BYTES:
        return _Look((), targets)
    with _opened(path) as archive:
        packed = not isinstance(archive.fileobj, io.BufferedReader)
        if packed and size_of(path) > _LOOK_PACKED_BYTES:
            return _Look((), targets)
        try:
            for member in islice(_members(archive, path), _LOOK_MEMBERS):
                name = clean_name(member.name).removeprefix("./")
                if member.islnk():
                    targets.add(clean_name(member.linkname).removeprefix("./"))
                elif name.lower().endswith(TABLE_NAMES) and member.size <= _MAX_TABLE_BYTES:
                    tables[name] = _content(archive, member)
        except _BROKEN:
            pass  # said where the images are read
    tops = {name.split("/")[0] for name in tables if "/" in name}
    roots = ["", *(f"{top}/" for top in tops)] if len(tops) == 1 else [""]
    return _Look([FoundTable(n, tables[n]) for n in tables_among(list(tables), roots)], targets)


@dataclass(frozen=True)
class _Progress:
    """What goes on from shard to shard.

    rows: the number of the next image, negative as long as the reading starts after it.
    targets: see _Look. tables: members that are no images' side files.
    """

    rows: Iterator[int]
    names: set[str]
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
    linked = dict[str, bytes]()
    try:
        with _opened(path) as archive:
            for member in _members(archive, path):
                name = clean_name(member.name).removeprefix("./")
                key, suffix = _key(name)
                if key != group.key or suffix in group.suffixes:
                    yield from group.described(progress)
                    group = _Group(key)
                group.suffixes.add(suffix)
                if name in progress.tables:
                    continue
                if _is_side_file(member, name):
                    group.side_files[name] = _content(archive, member)
                    continue
                target = clean_name(member.linkname).removeprefix("./")
                is_link = member.islnk() and target in linked
                if is_link:
                    reason = skip_reason(name, partial(bytes, linked[target][:16]))
                else:
                    reason = _skip_member(archive, member, name)
                if reason:
                    progress.skipped[reason] += 1
                    continue
                is_target = name in progress.targets
                unique = unique_name(shard + name, progress.names)
                is_passed = next(progress.rows) < 0
                group.passed += is_passed
                if is_passed and not is_target:
                    continue
                error = "" if is_link else _too_large(member, packed_bytes)
                data = linked[target] if is_link else b"" if error else _content(archive, member)
                if is_target and sum(map(len, linked.values())) + len(data) <= _MAX_LINKED_BYTES:
                    linked[name] = data
                if sum(len(image.data) for _, image in group.images) > _GROUP_BYTES:
                    yield from group.described(progress)
                    group = _Group(key)
                if not is_passed:
                    group.images.append((name, SourceImage(unique, data, error=error)))
    except _BROKEN as error:
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


class _Bounded:
    """A file of which only so many bytes are read: a header may announce any number of them."""

    def __init__(self, file: Any, left: int) -> None:  # noqa: ANN401  (tarfile's own streams)
        self._file, self._left = file, left

    def read(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise tarfile.ReadError(f"a header of more than {_MAX_HEADER_BYTES:,} bytes")
        return bytes(self._file.read(size))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._file, name)


class _Member(tarfile.TarInfo):
    """A member whose header is read within _MAX_HEADER_BYTES, as tarfile itself does not."""

    def _proc_member(self, archive: Any) -> tarfile.TarInfo:  # noqa: ANN401
        whole = archive.fileobj
        archive.fileobj = _Bounded(whole, _MAX_HEADER_BYTES)
        try:
            member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        finally:
            archive.fileobj = whole
        shared = archive.pax_headers  # of all members, kept as long as the archive is open
        if sum(len(k) + len(v) for k, v in shared.items()) > _MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"shared headers of more than {_MAX_HEADER_BYTES:,} bytes")
        return member


@contextmanager
def _opened(path: Place) -> Iterator[tarfile.TarFile]:
    with path.open("rb") as file:
        with _archive(file, path) as archive:
            yield archive


def _archive(file: IO[bytes], path: Place) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=file, tarinfo=_Member)
    except (*_BROKEN, RuntimeError) as error:
        raise SourceError(
            f"{path.name} is no tar archive, or a broken one ({size_of(path):,} bytes); "
            "make or download it again."
        ) from error


def _members(archive: tarfile.TarFile, path: Place) -> Iterator[tarfile.TarInfo]:
    """Yield the members that are not folders, keeping none of them in memory.

    Raises:
        tarfile.ReadError: if the stream ends early or unpacks to an absurd size.
    """
    packed_bytes = size_of(path)
    number = 0
    while (member := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]  # tarfile would keep every header
        end = member.offset_data + member.size
        if end > MAX_RATIO * packed_bytes and end > RATIO_FREE_BYTES and not member.issparse():
            raise tarfile.ReadError(f"it unpacks to more than {MAX_RATIO} times its size")
        number += 1
        check_members(number, path)
        if not member.isdir():
            yield member
    # tarfile takes a damaged header for the end; the true end is a block of zeros.
    stream = cast(IO[bytes], archive.fileobj)
    stream.seek(archive.offset)
    if stream.read(_BLOCK_BYTES).strip(b"\0"):
        raise tarfile.ReadError("damaged header")


def _skip_member(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> str:
    if member.issym() or member.islnk():
        return "link"
    if not member.isfile():
        return "not a regular file"
    return skip_reason(name, lambda: _content(archive, member, 16))


def _too_large(member: tarfile.TarInfo, archive_bytes: int) -> str:
    """Return why a member is not read, or "". The holes of a sparse one are no bytes of a file."""
    packed_bytes = archive_bytes
    if member.issparse():
        holes: Any = member
        packed_bytes = sum(size for _, size in holes.sparse)
    return too_large(member.size, packed_bytes)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, size: int = -1) -> bytes:
    file = archive.extractfile(member)
    return file.read(size) if file else b""
