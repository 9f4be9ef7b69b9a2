"""Finds the row of an image by its name, however the name is written on either side.

One normaliser for both sides: Unicode NFC, no difference between small and capital letters, "/" and
"\\", %20 and a blank, with or without ?query. An image goes to the row with the same path; else to
the one that shares the longest tail of path parts with it; else to one of the same name up to the
suffix of an image ("cat.1" has none).
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from gmv_core.sources.folders import is_storage_or_split
from gmv_core.sources.names import is_image_suffix

_DRIVE = re.compile(r"[A-Za-z]:")
Path = tuple[tuple[str, ...], str]
_FEW = 32  # rows that are compared one by one
_QUERY = re.compile(r"(\.[A-Za-z0-9]{2,5})[?#].*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Key:
    """A name made alike. folders: innermost last. is_foreign: a URL or an absolute path."""

    folders: tuple[str, ...]
    file: str
    is_foreign: bool

    @property
    def stem(self) -> str:
        return stem_of(self.file)


def stem_of(file: str) -> str:
    """Return a file's name without the suffix of an image; "scan_1.5" has none."""
    stem, suffix = posixpath.splitext(file)
    return stem if is_image_suffix(suffix.lower()) else file


def key_of(name: str) -> Key:
    """Return a name as it is compared."""
    query = _QUERY.search(name) if "?" in name or "#" in name else None
    if query and is_image_suffix(query[1].lower()):
        name = name[: query.end(1)]
    if "%" in name:
        name = unquote(name)
    name = name.replace("\\", "/")
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)
    name = name.strip().casefold()
    is_foreign = name.startswith("/") or bool(_DRIVE.match(name)) or "://" in name
    *folders, file = [part for part in name.split("/") if part not in ("", ".")] or [""]
    return Key(tuple(folders), file, is_foreign)


@dataclass(frozen=True)
class Match:
    """The place of a row. by_stem: the names agree only without their suffixes."""

    row: int
    by_stem: bool


@dataclass
class NameIndex:
    """The names of a table's rows.

    same: whether two rows say the same, so that either will do.
    """

    same: Callable[[int, int], bool]
    exact: dict[str, int] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    paths: dict[Path, list[int]] = field(default_factory=dict)
    files: _Places = field(default_factory=lambda: _Places(lambda key: key.file))
    stems: _Places = field(default_factory=lambda: _Places(lambda key: key.stem))

    def extend(self, names: Iterable[str]) -> None:
        """Add the names of the next rows."""
        for row, name in enumerate(names, start=len(self.keys)):
            key = key_of(name)
            self.exact.setdefault(name, row)
            self.keys.append(key)
            if key.file:
                self.paths.setdefault((key.folders, key.file), []).append(row)
                self.files.add(key, row)
                self.stems.add(key, row)

    def find(self, name: str, *, past_storage: bool = False) -> Match | None:
        """Return the row of an image, None where none fits or several do.

        past_storage: "images/1.jpg" may take the row of "train/1.jpg": the folders in which the
        tails differ are no classes.
        """
        if name in self.exact:
            return Match(self.exact[name], False)
        key = key_of(name)
        same_path = self.paths.get((key.folders, key.file))
        if same_path:
            return self._one_of(same_path, by_stem=False)
        for places, by_stem in ((self.files, False), (self.stems, True)):
            closest = places.closest(key, self.keys, past_storage)
            if closest is not None:  # where rows of that name contradict, no other suffix will do
                return self._one_of(closest, by_stem)
        return None

    def _one_of(self, rows: list[int], by_stem: bool) -> Match | None:
        """Return the first of rows that all say the same, None for others and for none."""
        if not rows or not all(self.same(rows[0], row) for row in rows[1:]):
            return None
        return Match(rows[0], by_stem)


class _Places:
    """Rows by file, or by stem, and innermost folder, so that few need to be compared."""

    def __init__(self, own: Callable[[Key], str]) -> None:
        self._own = own
        self._rows: dict[str, dict[str, list[int]]] = {}
        self._tails: dict[tuple[str, str], _Tails] = {}

    def add(self, key: Key, row: int) -> None:
        within = self._rows.setdefault(self._own(key), {})
        within.setdefault(key.folders[-1] if key.folders else "", []).append(row)

    def closest(self, key: Key, keys: list[Key], past_storage: bool) -> list[int] | None:
        """Return the rows of the name that agree furthest, [] where all contradict, else None."""
        own = self._own(key)
        within = self._rows.get(own)
        if within is None:
            return None
        if not key.folders:
            return [row for rows in within.values() for row in rows]
        parent = key.folders[-1]
        beside, bare = within.get(parent, []), within.get("", [])
        if len(beside) > _FEW:
            if (own, parent) not in self._tails:
                self._tails[own, parent] = _Tails(beside, keys)
            found = self._tails[own, parent].closest(key)
        else:
            found = _furthest(key, beside, keys, past_storage)
        found = found or _furthest(key, bare[:_FEW], keys, past_storage)
        if found or not past_storage:
            return found
        return _furthest(key, [row for rows in within.values() for row in rows], keys, True)


class _Tails:
    """Many rows of one name in folders of one name, by all that precedes."""

    def __init__(self, rows: list[int], keys: list[Key]) -> None:
        self._whole: dict[tuple[str, ...], list[int]] = {}
        self._parts: dict[tuple[str, ...], list[int]] = {}
        self._foreign: dict[tuple[str, ...], list[int]] = {}
        for row in rows:
            inwards = keys[row].folders[::-1]
            self._whole.setdefault(inwards, []).append(row)
            for depth in range(1, len(inwards) + 1):
                self._parts.setdefault(inwards[:depth], []).append(row)
                if keys[row].is_foreign:
                    self._foreign.setdefault(inwards[:depth], []).append(row)

    def closest(self, key: Key) -> list[int]:
        """Return the rows that agree furthest with an image, see `_tail`."""
        inwards = key.folders[::-1]
        if inwards in self._parts:
            return self._parts[inwards]
        for depth in range(len(inwards) - 1, 0, -1):
            found = self._whole.get(inwards[:depth]) or self._foreign.get(inwards[:depth])
            if found:
                return found
        return []


def _furthest(key: Key, rows: list[int], keys: list[Key], past_storage: bool) -> list[int]:
    """Return the rows that share the longest tail of folders, [] where all contradict."""
    best, found = -1, list[int]()
    for row in rows if not past_storage or len(rows) <= _FEW else ():
        shared = _tail(key, keys[row], past_storage)
        if shared > best:
            best, found = shared, []
        if shared == best >= 0:
            found.append(row)
    return found


def _tail(image: Key, row: Key, past_storage: bool) -> int:
    """Return how far two names agree from the end on, −1 where they contradict.

    Two for each folder, and one where the shorter name agrees to its beginning.
    """
    shared = 0
    for mine, theirs in zip(reversed(image.folders), reversed(row.folders), strict=False):
        if mine != theirs:
            if past_storage and (is_storage_or_split(mine) or is_storage_or_split(theirs)):
                return shared
            # Where the folders of another machine begin is not known.
            return shared if row.is_foreign and shared else -1
        shared += 2
    return shared + 1
