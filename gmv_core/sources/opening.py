"""Where images come from: opens a path, whatever kind of source lies there.

A kind is recognised by its content. The readers are in the modules named after them.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.images.kinds import image_kind
from gmv_core.sources.readers.files import (
    Folder,
    list_folder,
    open_folder,
    open_image_file,
    open_uploads,
    read_head,
)
from gmv_core.sources.readers.idx import is_idx, open_idx, open_idx_folder
from gmv_core.sources.readers.npz import open_npz
from gmv_core.sources.readers.parquet import open_parquet
from gmv_core.sources.readers.tars import open_tars
from gmv_core.sources.readers.zips import is_npz, open_zip
from gmv_core.sources.source import Source, no_images

__all__ = ["Source", "open_source", "open_uploads"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
# What people give that is no source, by its first bytes: (magic, what it is, what to do).
_FOREIGN = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it, or pack the images as a zip or tar"),
    (b"Rar!", "a RAR archive", "unpack it, or pack the images as a zip or tar"),
    (b"\x93NUMPY", "a single NumPy array", "save it with numpy.savez as images=…, labels=…"),
    (b"\x89HDF", "an HDF5 file", "save its arrays with numpy.savez as images=…, labels=…"),
    (b"\x80", "a pickle, which could run code", "save its arrays with numpy.savez"),
    (b"%PDF", "a PDF document", "save its pictures as image files"),
)


def open_source(path: str | Path) -> Source:
    """Recognise and list what lies at `path`, without decoding an image.

    A folder of images, a folder of Parquet, tar or IDX files, or a single zip, tar (also .gz, .bz2,
    .xz), Parquet, npz, IDX or image file.

    Raises:
        SourceError: if nothing is there, it cannot be read, or it holds no images.
    """
    if not str(path).strip():
        raise SourceError(f"{str(path)!r} is no path; give a folder or a file.")
    try:
        where = Path(path).expanduser().absolute()
        if where.is_dir():
            found = list_folder(where)
            return open_folder(found) if found.images else _open_other_folder(found)
        if not where.exists():
            raise SourceError(f"There is nothing at {where}; check the path.")
        if not where.is_file():
            raise SourceError(f"{where} is neither a file nor a folder; give one of these.")
        return _open_file(where)
    except (OSError, RuntimeError) as error:  # RuntimeError: ~ of nobody
        reason = getattr(error, "strerror", None) or error
        raise SourceError(
            f"{path} cannot be read ({reason}); check that it exists and that you may read it."
        ) from error


def _open_file(where: Path) -> Source:
    head = read_head(where)
    if image_kind(head):
        return open_image_file(where)
    if head.startswith(_ZIP):
        return open_npz(where) if is_npz(where) else open_zip(where)
    if head.startswith(b"PAR1"):
        return open_parquet([where])
    if is_idx(where):
        return open_idx(where)
    if head.startswith(_PACKED) or tarfile.is_tarfile(where):
        return open_tars([where])
    if not head:
        raise SourceError(f"{where.name} is empty (0 bytes); copy or download it again.")
    for magic, what, advice in _FOREIGN:
        if head.startswith(magic):
            raise SourceError(f"{where.name} is {what}; {advice}.")
    kind = "of an unknown type" if b"\0" in head else "text"
    raise SourceError(
        f"{where.name} is {kind} (it begins with {head[:8]!r}), not a source of images; "
        "give a folder, a zip, a tar, a Parquet, npz or IDX file, or an image."
    )


def _open_other_folder(found: Folder) -> Source:
    """Open a folder that holds no images itself, but files full of them.

    Raises:
        SourceError: if there are none of those either, or only archives to choose from.
    """
    others = [found.root / name for name in found.others]
    parquet, set_aside = _training_split([f for f in others if f.suffix.lower() == ".parquet"])
    if parquet:
        return _with_skipped(open_parquet(parquet), set_aside)
    tars, set_aside = _training_split([f for f in others if f.name.lower().endswith(_TAR_SUFFIXES)])
    if tars:
        return _with_skipped(open_tars(tars), set_aside)
    idx = [file for file in others if file.suffix in ("", ".gz") or "idx" in file.name]
    idx = [file for file in idx if is_idx(file)]
    if idx:
        return open_idx_folder(idx)
    archives = [file.name for file in others if file.suffix.lower() in (".zip", ".npz")]
    if archives:
        raise SourceError(
            f"{found.root} holds no images but {len(archives)} archives (the first is "
            f"{archives[0]}); give an archive itself."
        )
    raise no_images(str(found.root), found.skipped)


def _training_split(files: Sequence[Path]) -> tuple[list[Path], int]:
    """Keep the files named train… where there are such; return them and the number set aside."""
    train = [file for file in files if file.name.startswith("train")] or list(files)
    return train, len(files) - len(train)


def _with_skipped(source: Source, set_aside: int) -> Source:
    if not set_aside:
        return source
    return replace(source, skipped=Counter({"file of another split": set_aside}))
