"""What the folders of a source tell of the images in them: a class, a split, or nothing.

Folders that only keep a directory small (00000, part-000001, a date, the first letters of a hash)
and those of a data set's own order (images, data) are no classes. train, val and test are splits
where they stand beside each other or alone; beside "bus" and "car", "train" is a class. So are
train2017 and test_images.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

SPLITS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
TRAIN, ALL = "train", "all"
_STRUCTURE = frozenset(
    "image images img imgs data dataset datasets jpegimages jpg jpeg jpegs png pngs files".split()
)
# As "train2017", "val_images" and "test-set" have them behind the split.
_OF_SPLIT = re.compile(r"[-_. ]?(?:(?:19|20)\d\d|sets?|images?|imgs?|data|files)")
_DATE = re.compile(r"(?:^|/)(?:19|20)\d\d/(?:0[1-9]|1[0-2])(?:/(?:0[1-9]|[12]\d|3[01]))?$")
_BUCKET = re.compile(
    r"\d{5,}|\d{4}([-_.])\d\d\1\d\d|(?:part|shard|chunk|batch|bucket|block)s?[-_. ]?\d+",
    re.IGNORECASE,
)
_HASH, _HASH_START = re.compile(r"[0-9a-f]{16,}"), re.compile(r"[0-9a-f]{1,3}")
_SPLIT_FILE = re.compile(r"([a-z]+)(?:[-_.\d]|$)")


@dataclass(frozen=True)
class Meaning:
    """What an image's folders say. untrusted: a folder that was taken for storage, not a class."""

    label: str = ""
    split: str = ""
    untrusted: str = ""


class Folders:
    """The meaning of the folders of a source.

    names: of all its images; none where they are not known before reading. Then every train is a
    split, and what several folders have in common is not known.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._children: dict[str, set[str]] = defaultdict(set)
        self._known: dict[str, Meaning] = {}
        for folder in {name.rpartition("/")[0] for name in names}:
            while folder:
                above, _, own = folder.rpartition("/")
                self._children[above].add(own)
                folder = above

    def meaning(self, name: str) -> Meaning:
        """Return what the folders of the image `name` say."""
        folder, _, file = name.rpartition("/")
        if _HASH_START.fullmatch(folder.rpartition("/")[2]) and _is_hash(file):
            return self._of(folder, file)
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._of(folder, "")
        return known

    def _of(self, folder: str, file: str) -> Meaning:
        """Look from the innermost folder outwards for a class, past what is none."""
        split = untrusted = ""
        label: str | None = None
        while folder:
            dated = _DATE.search(folder)
            if dated and label is None:  # 2024/05/31
                untrusted = untrusted or dated[0].strip("/")
                folder = folder[: dated.start()]
                continue
            above, _, own = folder.rpartition("/")
            if self._is_split(above, own):
                split = split or split_of_folder(own)
            elif _is_storage(own, file):
                untrusted = untrusted or own
            elif label is None:
                # Past a split or a storage folder, one folder around everything is no class.
                passed = bool(split or untrusted)
                label = "" if passed and len(self._children.get(above, "xy")) == 1 else own
            folder = above
        return Meaning(label or "", split, untrusted)

    def _is_split(self, above: str, own: str) -> bool:
        if not split_of_folder(own):
            return False
        others = {other for other in self._children.get(above, ()) if other != own}
        return not others or any(map(split_of_folder, others))


def split_of_folder(own: str) -> str:
    """Return the split that a folder's name says, "" for none: "train", "val2017", "test_set"."""
    own = own.lower()
    starts = (name for name in SPLITS if own.startswith(name))
    return next((SPLITS[n] for n in starts if own == n or _OF_SPLIT.fullmatch(own[len(n) :])), "")


def _is_hash(file: str) -> bool:
    return bool(_HASH.fullmatch(posixpath.splitext(file)[0].lower()))


def _is_storage(own: str, file: str) -> bool:
    """Whether a folder is no class. file: the image's name if it is a hash, else ""."""
    if own.lower() in _STRUCTURE or _BUCKET.fullmatch(own):
        return True
    return bool(file and _HASH_START.fullmatch(own) and file.lower().startswith(own.lower()))


def is_storage_or_split(folder: str) -> bool:
    """Whether a folder's name alone says that it is no class."""
    return bool(split_of_folder(folder)) or _is_storage(folder, "")


def is_of_split(folder: str) -> bool:
    """Whether one of the folders of a path is named as a split."""
    return any(map(split_of_folder, folder.split("/")))


def split_of_file(name: str) -> str:
    """Return the split that a file of images is of, by its name or its folders: train-00000.tar."""
    *folders, file = name.lower().split("/")
    start = _SPLIT_FILE.match(file)
    if start and start[1] in SPLITS:
        return SPLITS[start[1]]
    return next(filter(None, map(split_of_folder, reversed(folders))), "")


def splits_read(counts: Counter[str], wanted: str) -> frozenset[str]:
    """Return which splits are read of those counted ("" is that of images in none).

    wanted: "" for the training split where there is one beside others, and most images are in a
    split; "all"; or names with commas between them.
    """
    if wanted == ALL or (len(counts) < 2 and not wanted):
        return frozenset(counts)
    if wanted:
        asked = [name.strip().lower() for name in wanted.split(",")]
        return frozenset(SPLITS.get(name, name) for name in asked)
    mostly = 2 * counts[""] <= counts.total()
    return frozenset([TRAIN]) if TRAIN in counts and mostly else frozenset(counts)
