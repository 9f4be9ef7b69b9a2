"""Zip archives. Members are read one by one in memory and never written to disk."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.sources.names import (
    LABEL_FILES,
    clean_name,
    folder_label,
    is_label_file,
    skip_reason,
    unique_name,
)
from gmv_core.sources.source import Source, check_members, digest, no_images, too_large
from gmv_core.types import SourceImage

_BAD_MEMBER = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError
)  # fmt: skip
_LOCAL_HEADER_BYTES = 30


def open_zip(where: Path) -> Source:
    """List a zip's images, sorted by name.

    Raises:
        SourceError: if it is broken, encrypted, or holds no images.
    """
    skipped: Counter[str] = Counter()
    kept: list[tuple[str, zipfile.ZipInfo]] = []
    tables: dict[str, zipfile.ZipInfo] = {}
    with _opened_zip(where) as archive:
        # ZipInfo.is_dir fails where there is no name at all.
        members = [info for info in archive.infolist() if not info.filename.endswith("/")]
        check_members(len(members), where)
        for info in members:
            name = clean_name(info.filename).replace("\\", "/")
            reason = _skip_member(archive, info, name)
            if not reason:
                kept.append((name, info))
            elif is_label_file(name.rpartition("/")[2]) and reason == "not an image":
                tables[name] = info
            else:
                skipped[reason] += 1
    if not kept:
        raise no_images(where.name, skipped)
    if all(info.flag_bits & 1 for _, info in kept):
        raise SourceError(
            f"{where.name} is encrypted (all {len(kept):,} images in it); "
            "unpack it with its password and give the folder."
        )
    labels_file = _label_file(where, tables, {name.split("/")[0] for name, _ in kept})
    skipped["not an image"] += len(tables) - (labels_file is not None)
    kept.sort(key=lambda member: member[0])
    seen: set[str] = set()
    names = [unique_name(name, seen) for name, _ in kept]

    def read(start: int) -> Iterator[SourceImage]:
        with _opened_zip(where) as archive:
            for name, (_, info) in zip(names[start:], kept[start:], strict=True):
                data, error = _read_member(archive, info)
                yield SourceImage(name, data, label=folder_label(name), error=error)

    return Source(
        kind="zip",
        location=str(where),
        names=names,
        total=len(names),
        skipped=+skipped,
        fingerprint=digest(
            part for name, info in kept for part in (name, info.file_size, info.CRC)
        ),
        reader=read,
        labels_file=labels_file,
    )


def _label_file(
    where: Path, tables: Mapping[str, zipfile.ZipInfo], top_folders: set[str]
) -> bytes | None:
    """Return the label table at the root, or in the one folder that everything is packed in."""
    roots = ["", f"{top_folders.pop()}/"] if len(top_folders) == 1 else [""]
    at_root = [root + file for root in roots for file in LABEL_FILES if root + file in tables]
    if not at_root:
        return None
    with _opened_zip(where) as archive:
        content, error = _read_member(archive, tables[at_root[0]])
    if error:
        raise SourceError(
            f"{at_root[0]} in {where.name} cannot be read ({error}); pack the zip again."
        )
    return content


def is_npz(where: Path) -> bool:
    """Whether a zip is a NumPy `.npz`: by its suffix, or because its first member is an array."""
    with where.open("rb") as file:
        head = file.read(_LOCAL_HEADER_BYTES)
        name_bytes = int.from_bytes(head[26:28], "little")
        return where.suffix.lower() == ".npz" or file.read(name_bytes).endswith(b".npy")


def _opened_zip(where: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(where)
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
    try:
        return archive.read(info), ""
    except _BAD_MEMBER as broken:
        return b"", f"broken in the zip ({broken})"
