"""The members of a tar, read within bounds that its headers cannot move."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Place
from gmv_core.sources.names import skip_reason
from gmv_core.sources.source import MAX_RATIO, RATIO_FREE_BYTES, check_members, size_of, too_large

BROKEN = (
    tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, RecursionError
)  # fmt: skip
_MAX_HEADER_BYTES = 1 << 20  # of one member: long names, pax records, a map of holes
_BLOCK_BYTES = 512
_WINDOW_HEAD_BYTES, _MAX_WINDOW_BYTES = 4096, 256_000_000  # of an xz


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
def opened_tar(path: Place) -> Iterator[tarfile.TarFile]:
    """Open a tar, also a compressed one; raise SourceError where it is none."""
    with path.open("rb") as file:
        with _archive(file, path) as archive:
            yield archive


def _archive(file: IO[bytes], path: Place) -> tarfile.TarFile:
    _check_window(file, path)
    try:
        return tarfile.open(fileobj=file, tarinfo=_Member)
    except (*BROKEN, RuntimeError) as error:
        raise SourceError(
            f"{path.name} is no tar archive, or a broken one ({size_of(path):,} bytes); "
            "make or download it again."
        ) from error


def _check_window(file: IO[bytes], path: Place) -> None:
    """Raise SourceError for an xz that keeps more of what it unpacked than is usual (64 MB)."""
    start = file.read(_WINDOW_HEAD_BYTES)
    file.seek(0)
    try:
        lzma.LZMADecompressor(memlimit=_MAX_WINDOW_BYTES).decompress(start, max_length=1)
    except lzma.LZMAError as error:
        if "memory usage limit" in str(error).lower():
            raise SourceError(
                f"{path.name} needs more than {_MAX_WINDOW_BYTES:,} bytes of memory to be unpacked "
                "as an xz; pack it with a smaller dictionary, such as by xz -9."
            ) from error


def members_of(archive: tarfile.TarFile, path: Place) -> Iterator[tarfile.TarInfo]:
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


def skip_member(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> str:
    """Return why a member is no image, "" if it is one."""
    if member.issym() or member.islnk():
        return "link"
    if not member.isfile():
        return "not a regular file"
    return skip_reason(name, lambda: content_of(archive, member, 16))


def member_too_large(member: tarfile.TarInfo, archive_bytes: int) -> str:
    """Return why a member is not read, or "". The holes of a sparse one are no bytes of a file."""
    packed_bytes = archive_bytes
    if member.issparse():
        holes: Any = member
        packed_bytes = sum(size for _, size in holes.sparse)
    return too_large(member.size, packed_bytes)


def content_of(archive: tarfile.TarFile, member: tarfile.TarInfo, size: int = -1) -> bytes:
    """Return the first bytes of a member, all of them without a size."""
    file = archive.extractfile(member)
    return file.read(size) if file else b""
