"""Tar archives, WebDataset shards among them, read as a stream.

Files that share a name up to the suffix belong together: `000.jpg` with `000.cls` (the label) and
`000.json` (an object: `label`, `owner`, and anything else as attributes).
"""

from __future__ import annotations

import json
import lzma
import posixpath
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import IO, Any, cast

from gmv_core.errors import SourceError
from gmv_core.sources.names import clean_name, folder_label, skip_reason, unique_name
from gmv_core.sources.source import (
    LARGE_BYTES,
    MAX_RATIO,
    RATIO_FREE_BYTES,
    Source,
    check_members,
    files_digest,
    no_images,
    too_large,
)
from gmv_core.types import SourceImage

_BROKEN = (
    tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, RecursionError
)  # fmt: skip
_MAX_SIDE_FILE_BYTES = 1 << 20
_MAX_HEADER_BYTES = 1 << 20  # of one member: long names, pax records, a map of holes
_GROUP_BYTES = LARGE_BYTES  # of neighbours of one name, held together until all are read
_SIDE_SUFFIXES = (".cls", ".json")
_BLOCK_BYTES = 512


def open_tars(paths: Sequence[Path]) -> Source:
    """Open one tar (also compressed), or the shards of a WebDataset in the order given.

    Raises:
        SourceError: if one is no tar, or there is no image in any.
    """
    skipped: Counter[str] = Counter()

    def read(start: int) -> Iterator[SourceImage]:
        skipped.clear()
        progress = _Progress(count(-start), set(), skipped)
        for path in paths:
            shard = f"{path.name.split('.')[0]}/" if len(paths) > 1 else ""
            yield from _read_tar(path, shard, progress)

    for path in paths:
        _opened(path).close()
    if next(read(0), None) is None:
        raise no_images(paths[0].name, skipped)
    skipped.clear()
    location = paths[0] if len(paths) == 1 else paths[0].parent
    return Source("tar", str(location), None, None, skipped, files_digest(paths), read)


@dataclass(frozen=True)
class _Progress:
    """What goes on from shard to shard.

    rows: the number of the next image, negative as long as the reading starts after it.
    """

    rows: Iterator[int]
    names: set[str]
    skipped: Counter[str]


@dataclass
class _Group:
    """Neighbours that share a name up to the suffix: images and what the other files say of them.

    passed: images that were not read because the reading starts after them.
    """

    stem: str = ""
    suffixes: set[str] = field(default_factory=set)
    images: list[SourceImage] = field(default_factory=list)
    side_files: dict[str, bytes] = field(default_factory=dict)
    passed: int = 0

    def labelled(self, skipped: Counter[str]) -> Iterator[SourceImage]:
        if self.side_files and not self.images and not self.passed:
            skipped["not an image"] += len(self.side_files)
            return
        said: dict[str, object] = {}
        for suffix, content in self.side_files.items():
            try:
                said |= _said(suffix, content)
            except (ValueError, RecursionError):
                skipped[f"unreadable {suffix} file"] += 1
        label = said.pop("label", None)
        owner = said.pop("owner", "")
        attributes = {key: _as_text(value) for key, value in said.items()}
        for image in self.images:
            yield replace(
                image,
                label=image.label if label is None else _as_text(label),
                owner=_as_text(owner),
                attributes=attributes,
            )


def _said(suffix: str, content: bytes) -> Mapping[str, object]:
    text = content.decode("utf-8")
    if suffix == ".cls":
        return {"label": text.strip()}
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("not a JSON object")
    return {key: value for key, value in values.items() if value is not None}


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read_tar(path: Path, shard: str, progress: _Progress) -> Iterator[SourceImage]:
    """Yield the images whose row is not negative; a break in the stream ends it with an error."""
    skipped = progress.skipped
    packed_bytes = path.stat().st_size
    group = _Group()
    try:
        with _opened(path) as archive:
            for member in _members(archive, path):
                name = clean_name(member.name).removeprefix("./")
                stem, suffix = posixpath.splitext(name)
                if stem != group.stem or suffix in group.suffixes:
                    yield from group.labelled(skipped)
                    group = _Group(stem)
                group.suffixes.add(suffix)
                is_side_file = suffix in _SIDE_SUFFIXES and member.size <= _MAX_SIDE_FILE_BYTES
                if is_side_file and "/." not in f"/{name}":
                    group.side_files[suffix] = _content(archive, member)
                    continue
                reason = _skip_member(archive, member, name)
                if reason:
                    skipped[reason] += 1
                    continue
                unique = unique_name(shard + name, progress.names)
                if next(progress.rows) < 0:
                    group.passed += 1
                    continue
                error = _too_large(member, packed_bytes)
                data = b"" if error else _content(archive, member)
                if sum(len(image.data) for image in group.images) > _GROUP_BYTES:
                    yield from group.labelled(skipped)
                    group = _Group(stem)
                group.images.append(SourceImage(unique, data, folder_label(name), error=error))
    except _BROKEN as error:
        yield from group.labelled(skipped)
        if next(progress.rows) >= 0:
            reason = f"the archive breaks off here ({error}); what follows cannot be read"
            yield SourceImage(f"rest of {path.name}", b"", error=reason)
        return
    yield from group.labelled(skipped)


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


def _opened(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path, tarinfo=_Member)
    except (*_BROKEN, RuntimeError) as error:
        raise SourceError(
            f"{path.name} is no tar archive, or a broken one ({path.stat().st_size:,} bytes); "
            "make or download it again."
        ) from error


def _members(archive: tarfile.TarFile, path: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the members that are not folders, keeping none of them in memory.

    Raises:
        tarfile.ReadError: if the stream ends early or unpacks to an absurd size.
    """
    packed_bytes = path.stat().st_size
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
