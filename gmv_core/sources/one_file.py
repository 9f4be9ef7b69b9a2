"""A single file, whatever kind of source it is: recognised by its content."""

from __future__ import annotations

import tarfile
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.images.kinds import image_kind
from gmv_core.sources.addresses.address import Address, Place
from gmv_core.sources.readers.files import open_image_file
from gmv_core.sources.readers.idx import is_idx, open_idx
from gmv_core.sources.readers.listing import read_head
from gmv_core.sources.readers.npz import open_npz
from gmv_core.sources.readers.parquet.files import open_parquet
from gmv_core.sources.readers.splits import Shard
from gmv_core.sources.readers.tars import open_tars
from gmv_core.sources.readers.zips import is_npz, open_zip
from gmv_core.sources.source import Source

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
# What people give that is no source, by its first bytes: (magic, what it is, what to do).
_FOREIGN = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it, or pack the images as a zip or tar"),
    (b"Rar!", "a RAR archive", "unpack it, or pack the images as a zip or tar"),
    (b"\x93NUMPY", "a single NumPy array", "save it with numpy.savez as images=…, labels=…"),
    (b"\x89HDF", "an HDF5 file", "save its arrays with numpy.savez as images=…, labels=…"),
    (b"\x80", "a pickle, which could run code", "save its arrays with numpy.savez"),
    (b"%PDF", "a PDF document", "save its pictures as image files"),
    (b"<!doctype html", "a web page", "give the address of the file itself"),
    (b"<html", "a web page", "give the address of the file itself"),
    (b"version https:/", "a pointer of Git LFS and not the file itself", "run `git lfs pull`"),
)


def open_file(where: Place, split: str = "") -> Source:
    """Open a file; raise SourceError where it is no source of images. split: of a zip's images."""
    head = read_head(where)
    if image_kind(head):
        return open_image_file(where)
    if head.startswith(_ZIP):
        return _open_npz(where) if is_npz(where) else open_zip(where, split)
    if head.startswith(b"PAR1"):
        return open_parquet([Shard.alone(where)])
    if isinstance(where, Path) and is_idx(where):
        return open_idx(where)
    if head.startswith(_PACKED) or _is_tar(where):
        return open_tars([Shard.alone(where)])
    if not head:
        raise SourceError(f"{where.name} is empty (0 bytes); copy or download it again.")
    for magic, what, advice in _FOREIGN:
        if head.lower().startswith(magic.lower()):
            raise SourceError(f"{where.name} is {what}; {advice}.")
    kind = "of an unknown type" if b"\0" in head else "text"
    raise SourceError(
        f"{where.name} is {kind} (it begins with {head[:8]!r}), not a source of images; "
        "give a folder, a zip, a tar, a Parquet, npz or IDX file, or an image."
    )


def _open_npz(where: Place) -> Source:
    if isinstance(where, Address):
        raise SourceError(f"{where.name} is an npz, which is read from a disk only; download it.")
    return open_npz(where)


def _is_tar(where: Place) -> bool:
    with where.open("rb") as file:
        return tarfile.is_tarfile(file)
