"""Where images come from: opens a path, whatever kind of source lies there.

A kind is recognised by its content. The readers are in the modules named after them.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.images.kinds import image_kind
from gmv_core.sources.address import Address, Place, is_address
from gmv_core.sources.asking import refusal
from gmv_core.sources.readers.beside import tables_among
from gmv_core.sources.readers.files import open_folder, open_image_file, open_uploads
from gmv_core.sources.readers.idx import is_idx, open_idx, open_idx_folder
from gmv_core.sources.readers.listing import Folder, list_address, list_folder, read_head
from gmv_core.sources.readers.npz import open_npz
from gmv_core.sources.readers.parquet.files import open_parquet
from gmv_core.sources.readers.splits import Shard, aside_words, shards_of
from gmv_core.sources.readers.tars import open_tars
from gmv_core.sources.readers.zips import is_npz, open_zip
from gmv_core.sources.source import FoundTable, Source, no_images

__all__ = ["Source", "open_source", "open_uploads"]

# How a folder may be read, and what is then counted.
READINGS = {
    "folder": "image files",
    "parquet": "images in Parquet files",
    "tar": "images in tar files",
    "idx": "images in IDX files",
    "zip": "images in a zip",
    "npz": "images in an npz file",
}
_COUNTED = 2_000  # images of a tar are counted up to here, to compare it with others

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


def open_source(
    path: str | Path,
    *,
    reading: str = "",
    split: str = "",
    within: Sequence[Path] | None = None,
) -> Source:
    """Recognise and list what lies at `path`, without decoding an image.

    A folder of images, a folder of Parquet, tar or IDX files, or a single zip, tar (also .gz, .bz2,
    .xz), Parquet, npz, IDX or image file. path: an address too, of PACKAGES of address.py; then no
    npz or IDX file.

    reading: of a folder that can be read in several ways, which is taken: one of READINGS ("": the
    one with most images). split: which splits are read, see `splits_read`. within: folders that
    links may not leave.

    Raises:
        SourceError: if nothing is there, it cannot be read, or it holds no images.
    """
    if reading and reading not in READINGS:
        raise SourceError(
            f"A source cannot be read as {reading!r}; choose one of: {', '.join(READINGS)}."
        )
    if not str(path).strip():
        raise SourceError(f"{str(path)!r} is no path; give a folder or a file.")
    if is_address(str(path)):
        return _open_address(Address.of(str(path)), reading, split)
    try:
        where = Path(path).expanduser().absolute()
        if where.is_dir():
            return open_listed(list_folder(where, within), reading=reading, split=split)
        if not where.exists():
            raise SourceError(f"There is nothing at {where}; check the path.")
        if not where.is_file():
            raise SourceError(f"{where} is neither a file nor a folder; give one of these.")
        return _open_file(where, split)
    except (OSError, RuntimeError) as error:  # RuntimeError: ~ of nobody
        reason = getattr(error, "strerror", None) or error
        raise SourceError(
            f"{path} cannot be read ({reason}); check that it exists and that you may read it."
        ) from error


def _open_address(where: Address, reading: str, split: str) -> Source:
    try:
        if where.is_dir():
            return open_listed(list_address(where), reading=reading, split=split)
        return _open_file(where, split)
    except (FileNotFoundError, PermissionError) as error:
        raise refusal(where, error) from error


def open_listed(found: Folder, *, reading: str = "", split: str = "") -> Source:
    """Open a folder that was listed; see `open_source`."""
    ways = _ways(found, split)
    if reading and reading not in ways:
        raise SourceError(
            f"{found.root} cannot be read as {reading} (it can as {', '.join(ways) or 'nothing'}); "
            "choose another way, or none."
        )
    if reading:
        source = ways[reading]()
        others = {kind: None for kind in ways if kind != reading}
        readings = {reading: source.total, **others} if others else {}
        return replace(source, choices=replace(source.choices, readings=readings))
    if not ways:
        raise _nothing(found)
    if len(ways) == 1:
        return next(iter(ways.values()))()
    opened: dict[str, Source] = {}
    problems = dict[str, SourceError]()
    for kind, way in ways.items():
        try:
            opened[kind] = way()
        except SourceError as error:
            problems[kind] = error
    if not opened:
        raise next(iter(problems.values()))
    return _largest(opened, problems)


def _largest(opened: Mapping[str, Source], problems: Mapping[str, SourceError]) -> Source:
    """Return the reading with most images, with what it says of the others."""
    most = max([source.total for source in opened.values() if source.total is not None], default=0)
    counts = {kind: _count(source, most) for kind, source in opened.items()}
    taken = max(counts, key=counts.__getitem__)
    exact = {kind: opened[kind].total for kind in sorted(counts, key=lambda kind: kind != taken)}
    told = [
        f"{READINGS[kind]} ({f'more than {most:,}' if total is None else f'{total:,}'})"
        for kind, total in exact.items()
    ]
    notes = []
    if len(opened) > 1:
        notes.append(
            f"This folder can be read in {len(opened)} ways: as {' or as '.join(told)}. "
            f"The larger is taken: {READINGS[taken]}."
        )
    notes += [f"Its {READINGS[kind]} cannot be read: {error}" for kind, error in problems.items()]
    source = opened[taken]
    choices = replace(source.choices, readings=exact)
    return replace(source, notes=(*notes, *source.notes), choices=choices)


def _count(source: Source, most: int) -> int:
    """Return a source's number of images; of a tar, whether it has more than `most`."""
    if source.total is not None:
        return source.total
    if most > _COUNTED:
        return 0
    return sum(1 for _ in islice(source.read(), most + 1))


def _open_file(where: Place, split: str = "") -> Source:
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
        if head.startswith(magic):
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


def _ways(found: Folder, split: str) -> dict[str, Callable[[], Source]]:
    """Return in which ways a folder can be read, by kind."""
    parquet, zips, arrays = (
        [name for name in found.others if name.lower().endswith(suffix)]
        for suffix in (".parquet", ".zip", ".npz")
    )
    tars = [name for name in found.others if name.lower().endswith(_TAR_SUFFIXES)]
    idx = _idx_among(found.root, [name for name in found.others if name not in tars])
    ways: dict[str, Callable[[], Source]] = {}
    if found.images:
        ways["folder"] = lambda: open_folder(found, split)
    if parquet:
        ways["parquet"] = lambda: _of_shards(found, open_parquet, parquet, split)
    if tars:
        ways["tar"] = lambda: _of_shards(found, open_tars, tars, split)
    if idx:
        ways["idx"] = lambda: open_idx_folder(idx)
    if found.images and len(zips) == 1:
        ways["zip"] = lambda: _open_file(found.root / zips[0], split)
    if found.images and len(arrays) == 1:
        ways["npz"] = lambda: _open_file(found.root / arrays[0])
    return ways


def _idx_among(root: Place, names: Sequence[str]) -> list[Path]:
    if isinstance(root, Address):  # read from a disk only
        return []
    files = [root / name for name in names]
    some = [file for file in files if file.suffix in ("", ".gz") or "idx" in file.name]
    return [file for file in some if is_idx(file)]


def _of_shards(
    found: Folder, opened: Callable[[Sequence[Shard]], Source], files: Sequence[str], split: str
) -> Source:
    """Open the shards of the splits that are read. files: their names in the folder."""
    shards, choices = shards_of(found.root, files, split)
    source = opened(shards)
    aside = len(files) - len(shards)
    read = set(choices.split.split(","))
    return replace(
        source,
        location=str(found.root),
        skipped=_Also(source.skipped, {"file of another split": aside} if aside else {}),
        notes=(aside_words(choices.splits, read, "file"),) if aside else (),
        tables=[*_tables_in(found), *source.tables],
        choices=choices,
    )


def _tables_in(found: Folder) -> list[FoundTable]:
    """Return the tables that lie beside files full of images."""
    return [FoundTable(name, found.table(name)) for name in tables_among(found.others)]


class _Also(Mapping[str, int]):
    """What a source skips, which is complete only when it has been read, and some more."""

    def __init__(self, skipped: Mapping[str, int], more: Mapping[str, int]) -> None:
        self._both = (skipped, more)

    def __getitem__(self, reason: str) -> int:
        return sum(counts.get(reason, 0) for counts in self._both)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(reason for counts in self._both for reason in counts))

    def __len__(self) -> int:
        return len(set(self))


def _nothing(found: Folder) -> SourceError:
    """Return the error for a folder in which nothing can be read."""
    archives = [n for n in found.others if n.lower().endswith((".zip", ".npz"))]
    if archives:
        return SourceError(
            f"{found.root} holds no images but {len(archives)} archives (the first is "
            f"{archives[0]}); give an archive itself."
        )
    return no_images(str(found.root), found.skipped)
