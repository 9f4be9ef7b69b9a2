"""Zip archives. Members are read one by one in memory and never written to disk."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Place
from gmv_core.sources.encodings import LATIN, guess_encoding
from gmv_core.sources.folders import Folders
from gmv_core.sources.names import LABEL_FILES, NOT_AN_IMAGE, UniqueNames, clean_name, skip_reason
from gmv_core.sources.readers.beside import (
    MAX_TABLE_BYTES,
    UNREADABLE,
    SideFiles,
    left_out_words,
    read_side_files,
    tables_among,
    unread_tables,
    with_folders,
)
from gmv_core.sources.readers.splits import chosen, labels_words
from gmv_core.sources.source import (
    Choices,
    FoundTable,
    Source,
    check_members,
    digest,
    no_images,
    too_large,
)
from gmv_core.types import SourceImage

_BAD_MEMBER = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError
)  # fmt: skip
_LOCAL_HEADER_BYTES = 30
_UTF8 = 0x800  # the flag of a member whose name is UTF-8
_METHODS = {9: "deflate64", 93: "Zstandard", 98: "PPMd", 99: "AES encryption"}


def open_zip(where: Place, split: str = "") -> Source:
    """List a zip's images, sorted by name.

    Raises:
        SourceError: if it is broken, encrypted, or holds no images of those splits.
    """
    listed = _listed(where)
    members = _images(where, listed)
    folders = Folders(members)
    part = chosen(list(members), folders, split)
    tables = tables_among(list(listed.others), _roots(members))
    side_files = SideFiles(name for name in listed.others if name not in tables)
    used = {file for name in part.names for file in side_files.of(name)}
    found, left_out = _tables(where, {name: listed.others[name] for name in tables})
    skipped = listed.skipped + part.skipped
    skipped[NOT_AN_IMAGE] += len(listed.others) - len(found) - len(used)
    skipped = +skipped

    def read(start: int) -> Iterator[SourceImage]:
        for reason in [r for r in skipped if r.startswith(UNREADABLE)]:
            del skipped[reason]
        with _opened_zip(where) as archive:
            for name in part.names[start:]:
                data, error = _read_member(archive, members[name])
                image = with_folders(SourceImage(name, data, error=error), folders)
                yield read_side_files(
                    image,
                    side_files,
                    lambda file: _read_member(archive, listed.others[file]),
                    skipped,
                )

    main = [table.content for table in found if table.name.lower().endswith(LABEL_FILES)]
    return Source(
        kind="zip",
        location=str(where),
        names=part.names,
        total=len(part.names),
        skipped=skipped,
        fingerprint=digest(
            mark
            for name in part.names
            for mark in (name, members[name].file_size, members[name].CRC)
        ),
        reader=read,
        labels_file=main[-1] if main else None,
        tables=found,
        label_of=None if used else lambda name: folders.meaning(name).label,
        labels_from=labels_words(used, folders, part.names),
        notes=(*left_out_words(left_out), *part.notes),
        unread_tables=unread_tables(listed.others, {*tables, *used}),
        choices=Choices(splits=part.counts, split=part.split),
    )


@dataclass
class _Listed:
    """The members of a zip: images in the zip's order, the others by name."""

    images: list[tuple[str, zipfile.ZipInfo]] = field(default_factory=list)
    others: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)


def _listed(where: Place) -> _Listed:
    listed = _Listed()
    with _opened_zip(where) as archive:
        # ZipInfo.is_dir fails where there is no name at all.
        members = [info for info in archive.infolist() if not info.filename.endswith("/")]
        check_members(len(members), where)
        read_as = _name_encoding(members)
        for info in members:
            name = clean_name(_member_name(info, read_as)).replace("\\", "/")
            reason = _skip_member(archive, info, name)
            if not reason:
                listed.images.append((name, info))
            elif reason == NOT_AN_IMAGE and name not in listed.others:
                listed.others[name] = info
            else:
                listed.skipped[reason] += 1
    return listed


def _images(where: Place, listed: _Listed) -> dict[str, zipfile.ZipInfo]:
    """Return the images by their names, sorted; raise SourceError where none can be read."""
    kept = sorted(listed.images, key=lambda member: member[0])
    if not kept:
        raise no_images(where.name, +listed.skipped + Counter({NOT_AN_IMAGE: len(listed.others)}))
    if all(info.flag_bits & 1 for _, info in kept):
        raise SourceError(
            f"{where.name} is encrypted (all {len(kept):,} images in it); "
            "unpack it with its password and give the folder."
        )
    given = UniqueNames()
    return {given.made(name): info for name, info in kept}


def _roots(names: Collection[str]) -> list[str]:
    """Return where tables of the whole zip lie: its root, and the one folder that holds all."""
    tops = {name.split("/")[0] for name in names}
    return ["", f"{tops.pop()}/"] if len(tops) == 1 else [""]


def _name_encoding(members: Sequence[zipfile.ZipInfo]) -> str:
    """Return the encoding of the names that are not marked as UTF-8, "" where it does not matter.

    The format's own is code page 437; what writes others says nothing of it. macOS writes UTF-8.
    """
    unmarked = [info.filename for info in members if not info.flag_bits & _UTF8]
    telling = b"\n".join(name.encode("cp437", "replace") for name in unmarked if not name.isascii())
    if not telling:
        return ""
    try:
        telling.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        guess = guess_encoding(telling[:100_000])
        return "" if guess in LATIN else guess  # Latin names are in code page 437


def _member_name(info: zipfile.ZipInfo, read_as: str) -> str:
    """Return a member's name as it was meant: of another encoding, and in NFC."""
    if info.flag_bits & _UTF8 or info.filename.isascii() or not read_as:
        return info.filename
    try:
        return unicodedata.normalize("NFC", info.filename.encode("cp437").decode(read_as))
    except UnicodeError:
        return info.filename


def _tables(
    where: Place, members: Mapping[str, zipfile.ZipInfo]
) -> tuple[list[FoundTable], list[str]]:
    """Return the label tables, and the names of those that would take too much.

    Raises:
        SourceError: if one at the root is damaged.
    """
    found, left_out, held = list[FoundTable](), list[str](), 0
    with _opened_zip(where) as archive:
        for name, info in reversed(
            list(members.items())
        ):  # what goes before the others stands last
            held += info.file_size
            if held > MAX_TABLE_BYTES:
                held -= info.file_size
                left_out.append(name)
                continue
            content, error = _read_member(archive, info)
            if error:
                raise SourceError(
                    f"{name} in {where.name} cannot be read ({error}); pack the zip again."
                )
            found.append(FoundTable(name, content))
    return found[::-1], left_out


def is_npz(where: Place) -> bool:
    """Whether a zip is a NumPy `.npz`: by its suffix, or because its first member is an array."""
    with where.open("rb") as file:
        head = file.read(_LOCAL_HEADER_BYTES)
        name_bytes = int.from_bytes(head[26:28], "little")
        return where.suffix.lower() == ".npz" or file.read(name_bytes).endswith(b".npy")


@contextmanager
def _opened_zip(where: Place) -> Iterator[zipfile.ZipFile]:
    with where.open("rb") as file:
        with _archive(file, where) as archive:
            yield archive


def _archive(file: IO[bytes], where: Place) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise SourceError(
            f"{where.name} is a broken or cut-off zip ({error}); make or download it again."
        ) from error


def _skip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "link"

    def head() -> bytes:
        try:
            with archive.open(info) as file:
                return file.read(16)
        except _BAD_MEMBER:
            return b""

    return skip_reason(name, head)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[bytes, str]:
    error = too_large(info.file_size, info.compress_size)
    if error:
        return b"", error
    if info.flag_bits & 1:
        return b"", "encrypted"
    if info.compress_type in _METHODS:
        how = _METHODS[info.compress_type]
        return b"", f"packed by {how}, which is not supported; pack it by deflate"
    try:
        return archive.read(info), ""
    except _BAD_MEMBER as broken:
        return b"", f"broken in the zip ({broken})"
