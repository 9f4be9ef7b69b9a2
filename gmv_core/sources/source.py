"""What the readers of all kinds of sources share: the `Source` record and its limits."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Address, Place
from gmv_core.sources.addresses.fetching import read_all
from gmv_core.types import SourceImage

MAX_FILE_BYTES = 1 << 30
MAX_MEMBERS = 10_000_000
MAX_TEXT = 10_000  # signs of a label, an owner or an attribute
MAX_TEXTS = 200_000  # of all attributes of an image together
# What unpacks to more than 200 times its size is a bomb and no photo; a small one does no harm, and
# a very large one must be packed from much.
MAX_RATIO = 200
RATIO_FREE_BYTES = 50_000_000
LARGE_BYTES, LARGE_RATIO = 256_000_000, 10

_EDGE_BYTES = 1 << 16


@dataclass(frozen=True)
class FoundTable:
    """A table of labels among the images. name: its path inside the source."""

    name: str
    content: Path | bytes


@dataclass(frozen=True)
class Choices:
    """How else a source can be read.

    readings: kind → number of images, None where unknown; the first is the one taken.
    splits: split → number of images (or of files full of them), "" for those in none; split: which
    of them are read, "" for all.
    """

    readings: Mapping[str, int | None] = field(default_factory=dict)
    splits: Mapping[str, int] = field(default_factory=dict)
    split: str = ""


# Reads a part of a source, on any machine that sees it; counts what it passes over.
PartReader = Callable[[Counter[str]], Iterator[SourceImage]]


@dataclass(frozen=True)
class Source:
    """A set of images that was found and listed, but not read yet.

    kind: "folder", "file", "zip", "tar", "parquet", "npz", "idx" or "uploads".
    location: absolute path, an address without secrets, or "uploads".
    names: the images' names in reading order; None where listing would mean reading (tar, tables).
    total: number of images; None for a tar.
    skipped: reason → number of files left out. Complete after opening; for a tar it starts again
        with every `read` and is complete when that has ended.
    fingerprint: digest of the listing (names, sizes, times or checksums). It changes when the
        source does, as far as can be told without reading all of it.
    labels_file: `labels.csv` or `metadata.csv` found at the root, as a path or as its bytes, or
        the table that was given with the source (`table_given`).
    tables: further tables found among the images.
    label_of: an image's label by its name; None where only reading tells.
    labels_from: where the labels come from without a table, as words ("" for nowhere).
    notes: sentences on how the source is read. unread_tables: files that look as if they held
        labels, and are not read unless they are given.
    choices: between what a person may choose.
    part: what reads the images from the first number up to the second, and can be pickled without
        the rest of the listing; None where a part is not to be had without what is before it.
    """

    kind: str
    location: str
    names: Sequence[str] | None
    total: int | None
    skipped: Mapping[str, int]
    fingerprint: str
    reader: Callable[[int], Iterator[SourceImage]] = field(repr=False)
    labels_file: Path | bytes | None = field(default=None, repr=False)
    table_given: bool = False
    tables: Sequence[FoundTable] = field(default=(), repr=False)
    label_of: Callable[[str], str] | None = field(default=None, repr=False)
    labels_from: str = ""
    notes: tuple[str, ...] = ()
    unread_tables: tuple[str, ...] = ()
    choices: Choices = field(default_factory=Choices)
    part: Callable[[int, int], PartReader] | None = field(default=None, repr=False)

    def read(self, start: int = 0) -> Iterator[SourceImage]:
        """Yield the images in their fixed order, leaving out the first `start` ones.

        An image whose bytes cannot be read is yielded with its `error`.
        """
        return self.reader(start)


def too_large(size_bytes: int, packed_bytes: int | None = None) -> str:
    """Return why a file of this size is not read, or ""."""
    if size_bytes > MAX_FILE_BYTES:
        return f"{size_bytes:,} bytes, more than the limit of {MAX_FILE_BYTES:,}"
    if packed_bytes is not None:
        for free, ratio in ((RATIO_FREE_BYTES, MAX_RATIO), (LARGE_BYTES, LARGE_RATIO)):
            if size_bytes > free and size_bytes > ratio * packed_bytes:
                return f"unpacks to more than {ratio} times its size ({size_bytes:,} bytes)"
    return ""


def storable(text: str, most: int = MAX_TEXT) -> str:
    """Return a text as a table can hold it: lone surrogates written out, and not of any length.

    Such surrogates come from names that are no UTF-8, and from JSON that names them.
    """
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= most else f"{text[:most]}…"


def check_members(count: int, where: Place) -> None:
    """Raise SourceError if an archive holds more files than any data set should."""
    if count > MAX_MEMBERS:
        raise SourceError(
            f"{where.name} holds {count:,} files, more than the limit of {MAX_MEMBERS:,}; "
            "split it into several archives."
        )


def digest(parts: Iterable[object]) -> str:
    """Return the digest of a listing."""
    total = hashlib.blake2b(digest_size=16)
    for part in parts:
        total.update(f"{part}\0".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def files_digest(paths: Iterable[Place]) -> str:
    """Return a digest of files by size, time, first and last 64 KiB; of addresses by their mark."""
    parts: list[object] = []
    for path in paths:
        if isinstance(path, Address):
            parts += [path.size_bytes(), path.mark() or path.head(_EDGE_BYTES).hex()]
            continue
        stat = path.stat()
        with path.open("rb") as file:
            head = file.read(_EDGE_BYTES)
            file.seek(max(0, stat.st_size - _EDGE_BYTES))
            parts += [stat.st_size, stat.st_mtime_ns, head.hex(), file.read(_EDGE_BYTES).hex()]
    return digest(parts)


def no_images(where: str, skipped: Mapping[str, int]) -> SourceError:
    """Return the error for a source without a single image, telling what it holds instead."""
    held = ", ".join(f"{count:,} {reason}" for reason, count in skipped.items())
    return SourceError(
        f"No images in {where} ({held or 'it is empty'}); "
        "give a source that holds JPEG, PNG, WebP, BMP, TIFF or GIF files."
    )


def file_content(path: Path) -> bytes:
    """Return the bytes of an image file; raise SourceError where it cannot be read."""
    data, why = b"", "cannot be read (it is no file)"  # a device never ends
    if path.is_file() or not path.exists():
        data, why = read_file(path)
    if why:
        raise SourceError(f"{str(path)!r}: {why}; give an image file.")
    return data


def size_of(path: Place) -> int:
    """Return a file's size in bytes."""
    return path.size_bytes() if isinstance(path, Address) else path.stat().st_size


def read_file(path: Place) -> tuple[bytes, str]:
    """Return a file's bytes and "", or b"" and the reason why it cannot be read."""
    if isinstance(path, Address):
        return next(read_all([path], [0]))
    try:
        with path.open("rb", buffering=0) as file:
            error = too_large(os.fstat(file.fileno()).st_size)
            return (b"", error) if error else (file.readall(), "")
    except OSError as error:
        return b"", f"cannot be read ({error.strerror or error})"
