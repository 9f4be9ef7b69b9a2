"""In which ways a folder can be read, and which one is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Address, Place
from gmv_core.sources.one_file import open_file
from gmv_core.sources.readers.beside import tables_among, unread_tables
from gmv_core.sources.readers.files import open_folder
from gmv_core.sources.readers.idx import is_idx, open_idx_folder
from gmv_core.sources.readers.listing import Folder
from gmv_core.sources.readers.parquet.files import open_parquet
from gmv_core.sources.readers.splits import Shard, aside_words, shards_of
from gmv_core.sources.readers.tars import open_tars
from gmv_core.sources.source import FoundTable, Source, no_images

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
_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


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
        ways["zip"] = lambda: open_file(found.root / zips[0], split)
    if found.images and len(arrays) == 1:
        ways["npz"] = lambda: open_file(found.root / arrays[0])
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
    tables = _tables_in(found)
    aside = len(files) - len(shards)
    read = set(choices.split.split(","))
    return replace(
        source,
        location=str(found.root),
        skipped=_Also(source.skipped, {"file of another split": aside} if aside else {}),
        notes=(
            *((aside_words(choices.splits, read, "file"),) if aside else ()),
            *source.notes,
        ),
        unread_tables=(
            *unread_tables(found.others, {*files, *(table.name for table in tables)}),
            *source.unread_tables,
        ),
        tables=[*tables, *source.tables],
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
