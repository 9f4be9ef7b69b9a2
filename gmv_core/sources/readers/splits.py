"""Which splits of a source are read, and what its folders' names are taken for."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Place
from gmv_core.sources.folders import Folders, split_of_file, splits_read
from gmv_core.sources.names import clean_name
from gmv_core.sources.source import Choices
from gmv_core.types import SourceImage
from gmv_core.words import counted

_SHARD_SUFFIX = re.compile(r"(?:\.tar)?\.(?:gz|bz2|xz)$|\.(?:tar|tgz|parquet)$", re.IGNORECASE)
OTHER_SPLIT = "image of another split"


@dataclass(frozen=True)
class Shard:
    """One of several files full of images. name: what the names of its images begin with."""

    path: Place
    name: str
    split: str = ""

    @classmethod
    def alone(cls, path: Place) -> Shard:
        return cls(path, stem_of_shard(clean_name(path.name)))


def shards_of(root: Place, files: Sequence[str], wanted: str) -> tuple[list[Shard], Choices]:
    """Return the shards of the splits that are read; see `splits_read` for `wanted`.

    files: their names below root. Their own names begin in the folder that all have in common.
    """
    names = {file: clean_name(file) for file in files}
    splits = {file: split_of_file(name) for file, name in names.items()}
    counts = Counter(splits.values())
    read = read_of(counts, wanted)
    shared = posixpath.commonpath([posixpath.dirname(name) or "." for name in names.values()])
    kept = [
        Shard(root / file, posixpath.relpath(stem_of_shard(name), shared or "."), splits[file])
        for file, name in names.items()
        if splits[file] in read
    ]
    aside = len(kept) < len(files)
    return kept, Choices(splits=dict(counts), split=",".join(sorted(read)) if aside else "")


def stem_of_shard(name: str) -> str:
    """Return a path without the suffix of a file full of images."""
    return _SHARD_SUFFIX.sub("", name)


def of_split(image: SourceImage, split: str) -> SourceImage:
    """Return an image that says which split it is of, where it does not yet."""
    if not split or "split" in image.attributes:
        return image
    return replace(image, attributes={**image.attributes, "split": split})


@dataclass(frozen=True)
class Chosen:
    """The images that are read. counts: images by split; split: those read, "" for all."""

    names: list[str]
    counts: Mapping[str, int]
    split: str
    skipped: Counter[str]
    notes: tuple[str, ...]


def chosen(names: Sequence[str], folders: Folders, wanted: str) -> Chosen:
    """Choose among images by the split that their folders say; see `splits_read` for `wanted`.

    Raises:
        SourceError: if there is no image of the splits that are wanted.
    """
    splits = {name: folders.meaning(name).split for name in names}
    counts = Counter(splits.values())
    read = read_of(counts, wanted)
    kept = [name for name in names if splits[name] in read]
    aside = len(names) - len(kept)
    notes = [aside_words(counts, read, "image")] if aside else []
    skipped = Counter({OTHER_SPLIT: aside} if aside else {})
    return Chosen(kept, dict(counts), ",".join(sorted(read)) if aside else "", skipped,
                  (*notes, *_untrusted(kept, folders)))  # fmt: skip


def read_of(counts: Counter[str], wanted: str) -> frozenset[str]:
    """Return which splits are read; raise SourceError where that would be none."""
    read = splits_read(counts, wanted)
    if not read & counts.keys():
        known = ", ".join(filter(None, sorted(counts))) or "none"
        raise SourceError(
            f"No image is of the split {wanted!r} (there is: {known}); choose another."
        )
    return read


def aside_words(counts: Mapping[str, int], read: Collection[str], noun: str) -> str:
    """Say which splits are read and which are not."""
    taken = " and ".join(sorted(split for split in counts if split in read and split))
    others = [
        f"{split or 'no split'} ({counted(count, noun)})"
        for split, count in sorted(counts.items())
        if split not in read
    ]
    return f"Only the split {taken or 'without a name'} is read; set aside: {', '.join(others)}."


def _untrusted(names: Sequence[str], folders: Folders) -> list[str]:
    """Say that folders' names were not taken for labels, where no image got one from them."""
    meanings = [folders.meaning(name) for name in names]
    examples = list(dict.fromkeys(m.untrusted for m in meanings if m.untrusted and not m.label))
    if not examples:
        return []
    return [
        f"No label is taken from folders such as {examples[0]}: such names keep a folder small and "
        "are no classes; give a table of labels if they are."
    ]


def labels_words(side_files: Collection[str], folders: Folders, names: Sequence[str]) -> str:
    """Return where labels come from, as words, "" for nowhere."""
    saying = [file for file in side_files if file.lower().endswith((".cls", ".json"))]
    told = ["the files beside the images"] if saying else []
    if any(folders.meaning(name).label for name in names):
        told.append("the names of the folders")
    return " and ".join(told)
