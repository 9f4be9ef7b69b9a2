"""Files that stand beside images and describe them: `0001.json`, `0001.cls`, `0001.txt`; tables.

A side file belongs to every image whose name begins with its own up to a dot: `0.cls` to
`0.input.jpg` and `0.jpg`, `a.b.json` to `a.b.png` and not to `a.c.png`.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from gmv_core.sources.folders import Folders
from gmv_core.sources.names import LABEL_FILES
from gmv_core.sources.tables.cells import MAX_COLUMNS, as_text
from gmv_core.types import SourceImage

MAX_SIDE_FILE_BYTES = 1 << 20
MAX_TABLE_BYTES = 1 << 25  # of all tables in an archive: few bytes there are many once unpacked
MAX_HINTED = 9
UNREADABLE = "unreadable "
_CAPTIONS = (".txt", ".caption")
SIDE_SUFFIXES = (".cls", ".json", *_CAPTIONS)
_TABLES_IN_FOLDERS = ("metadata.csv", "metadata.jsonl")
_TABLES_AT_ROOT = ("dataset.json", *_TABLES_IN_FOLDERS)
_TABLE_SUFFIXES = (".csv", ".tsv")
_TABLE_LIKE = re.compile(
    r"(?:labels?|annotations?|metadata|attr|list|train|val|test|identity|instances|captions)"
    r"(?![a-z]).*\.(?:jsonl?|txt|xlsx?|parquet)"
)
TABLE_NAMES = (*LABEL_FILES, *_TABLES_AT_ROOT)  # what a table's name ends with


class SideFiles:
    """The side files among the files that are no images."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_key: dict[str, str] = {}
        for name in names:
            stem, suffix = posixpath.splitext(name)
            if suffix.lower() in SIDE_SUFFIXES:
                self._by_key.setdefault(stem + suffix.lower(), name)

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def of(self, image: str) -> list[str]:
        """Return the names of an image's side files."""
        if not self._by_key:
            return []
        keys = (stem + suffix for stem in stems(image) for suffix in SIDE_SUFFIXES)
        return [self._by_key[key] for key in keys if key in self._by_key]


def stems(image: str) -> Iterator[str]:
    """Yield the names that side files of an image may have without their suffix, longest first."""
    start = image.rfind("/") + 1
    yield image
    at = image.rfind(".")
    while at > start:
        yield image[:at]
        at = image.rfind(".", start, at)


def described(
    image: SourceImage, files: Mapping[str, bytes], unreadable: Counter[str]
) -> SourceImage:
    """Return an image with what its side files say. files: name → content, the closest first.

    unreadable: counts those that say nothing.
    """
    label, owner, attributes = image.label, image.owner, dict(image.attributes)
    for name, content in reversed(list(files.items())):
        suffix = posixpath.splitext(name)[1].lower()
        known = _said(suffix, content)
        if known is None:
            unreadable[f"{UNREADABLE}{suffix} file"] += 1
            continue
        said = dict(known)
        label = said.pop("label", "") or label
        owner = said.pop("owner", "") or owner
        attributes |= said
    return replace(image, label=label, owner=owner, attributes=attributes)


@lru_cache(maxsize=4)  # one file may stand beside many images
def _said(suffix: str, content: bytes) -> Mapping[str, str] | None:
    """Return what a side file says, None where it cannot be read or says too much."""
    try:
        return _parsed(suffix, content)
    except (ValueError, RecursionError):
        return None


def _parsed(suffix: str, content: bytes) -> Mapping[str, str]:
    text = content.decode("utf-8-sig")
    if suffix == ".cls":
        return {"label": text.strip()}
    if suffix in _CAPTIONS:  # boxes of an object detector are numbers alone
        caption = " ".join(text.split())
        return {"caption": caption} if any(map(str.isalpha, caption)) else {}
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("not a JSON object")
    if len(values) > MAX_COLUMNS:
        raise ValueError(f"more than {MAX_COLUMNS:,} keys")
    label = values.get("label")
    if isinstance(label, float) and label.is_integer():  # as pandas writes whole numbers
        values["label"] = int(label)
    return {key: as_text(value) for key, value in values.items() if value is not None}


def with_folders(image: SourceImage, folders: Folders) -> SourceImage:
    """Return an image with the label and the split that its folders say."""
    meaning = folders.meaning(image.name)
    attributes = {**image.attributes, "split": meaning.split} if meaning.split else image.attributes
    return replace(image, label=image.label or meaning.label, attributes=attributes)


def tables_among(names: Sequence[str], roots: Sequence[str] = ("",)) -> list[str]:
    """Return which files are tables of labels, the one that goes before all others last.

    At the root: labels.csv before metadata.csv, dataset.json, metadata.jsonl. In any folder:
    metadata of its own images; a JSON file of the folder's name. A single labels.csv elsewhere
    where there is no table at the root. roots: "" and the folder that everything is packed in.
    """
    by_lower = {name.lower(): name for name in reversed(names)}
    at_root = [
        by_lower[key]
        for root in roots
        for file in (*LABEL_FILES, *_TABLES_AT_ROOT)
        if (key := f"{root}{file}".lower()) in by_lower
    ]
    plain = [name for name in at_root if name.lower().endswith(LABEL_FILES)]
    plain = [n for n in plain if n.rpartition("/")[0] == plain[0].rpartition("/")[0]][::-1]
    others = [name for name in at_root if not name.lower().endswith(LABEL_FILES)]
    below = [name for name in names if "/" in name and name not in at_root and _is_of_folder(name)]
    if not at_root and not below:
        elsewhere = [n for n in names if n.rpartition("/")[2].lower() in LABEL_FILES]
        below = elsewhere if len(elsewhere) == 1 else []
    return list(dict.fromkeys([*others, *below, *plain]))


def may_be_table(name: str) -> bool:
    """Whether a file that is not read looks as if it held labels: not far below the root."""
    file = name.rpartition("/")[2].lower()
    like = file.endswith(_TABLE_SUFFIXES) or _TABLE_LIKE.fullmatch(file)
    return name.count("/") < 2 and bool(like)


def unread_tables(others: Iterable[str], read: Collection[str]) -> tuple[str, ...]:
    """Return the files that look as if they held labels and are not read. read: those that are.

    None where they are many: they are of something else.
    """
    names = tuple(name for name in others if name not in read and may_be_table(name))
    return names if len(names) <= MAX_HINTED else ()


def left_out_words(tables: Iterable[str]) -> tuple[str, ...]:
    """Say of tables in an archive that they were too large to be read there."""
    names = list(tables)
    if not names:
        return ()
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return (
        f"Tables in an archive may have {MAX_TABLE_BYTES:,} bytes together; not read: "
        f"{', '.join(names[:3])}{more}. Unpack the one that counts, and give it with the images.",
    )


def _is_of_folder(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    own = f"{folder.rpartition('/')[2]}.json".lower()
    return file.lower() in _TABLES_IN_FOLDERS or file.lower() == own


Read = Callable[[str], tuple[bytes, str]]


def read_side_files(
    image: SourceImage, side_files: SideFiles, read: Read, unreadable: Counter[str]
) -> SourceImage:
    """Return an image with what the files beside it say. read: returns bytes, or an error."""
    names = side_files.of(image.name)
    if not names:
        return image
    contents = {}
    for name in names:
        content, error = read(name)
        if error or len(content) > MAX_SIDE_FILE_BYTES:
            unreadable[f"{UNREADABLE}{posixpath.splitext(name)[1].lower()} file"] += 1
        else:
            contents[name] = content
    return described(image, contents, unreadable)
