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
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

from gmv_core.sources.folders import is_storage_or_split
from gmv_core.sources.names import is_image_suffix

_DRIVE = re.compile(r"[A-Za-z]:")
Path = tuple[tuple[str, ...], str]
Rows = int | list[int]
Named = TypeVar("Named", str, Path)
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


class NameIndex:
    """The names of a table's rows, held in some 200 bytes a row.

    same: whether two rows say the same, so that either will do.
    """

    def __init__(self, same: Callable[[int, int], bool]) -> None:
        self._same = same
        self._names: list[str] = []
        self._paths: dict[Path, Rows] = {}  # of names with folders
        self._files: dict[str, Rows] = {}
        self._stems: dict[str, Rows] = {}  # where they are not the file itself
        self._within: dict[tuple[str, bool], dict[str, list[int]]] = {}
        self._tails: dict[tuple[str, bool, str], _Tails] = {}

    def extend(self, names: Iterable[str]) -> None:
        """Add the names of the next rows."""
        for row, name in enumerate(names, start=len(self._names)):
            key = key_of(name)
            self._names.append(name)
            if key.file:
                file = name if key.file == name else key.file  # one text, held once
                _add(self._files, file, row)
                if key.folders:
                    _add(self._paths, (key.folders, file), row)
                if key.stem != file:
                    _add(self._stems, key.stem, row)

    def key(self, row: int) -> Key:
        """Return the name of a row, made alike."""
        return key_of(self._names[row])

    def find(self, name: str, *, past_storage: bool = False) -> Match | None:
        """Return the row of an image, None where none fits or several do.

        past_storage: "images/1.jpg" may take the row of "train/1.jpg": the folders in which the
        tails differ are no classes.
        """
        key = key_of(name)
        same_path = (
            _listed(self._paths.get((key.folders, key.file)))
            if key.folders
            else (self._by_parent(key.file, by_stem=False) or {}).get("", [])
        )
        for row in same_path:
            if self._names[row] == name:
                return Match(row, False)
        if same_path:
            return self._one_of(same_path, by_stem=False)
        for by_stem in (False, True):
            closest = self._closest(key, by_stem, past_storage)
            if closest is not None:  # where rows of that name contradict, no other suffix will do
                return self._one_of(closest, by_stem)
        return None

    def _one_of(self, rows: list[int], by_stem: bool) -> Match | None:
        """Return the first of rows that all say the same, None for others and for none."""
        if not rows or not all(self._same(rows[0], row) for row in rows[1:]):
            return None
        return Match(rows[0], by_stem)

    def _by_parent(self, own: str, *, by_stem: bool) -> dict[str, list[int]] | None:
        """Return the rows of a file or stem by their innermost folder ("": none), None for none."""
        rows = _listed((self._stems if by_stem else self._files).get(own))
        if by_stem and stem_of(own) == own:
            rows = sorted([*rows, *_listed(self._files.get(own))])
        if not rows:
            return None
        known = self._within.get((own, by_stem))
        if known is None:
            known = {}
            for row in rows:
                folders = self.key(row).folders
                known.setdefault(folders[-1] if folders else "", []).append(row)
            if len(rows) > 1:
                self._within[own, by_stem] = known
        return known

    def _closest(self, key: Key, by_stem: bool, past_storage: bool) -> list[int] | None:
        """Return the rows of the name that agree furthest, [] where all contradict, else None."""
        own = key.stem if by_stem else key.file
        within = self._by_parent(own, by_stem=by_stem)
        if within is None:
            return None
        if not key.folders:
            return sorted(row for rows in within.values() for row in rows)
        parent = key.folders[-1]
        beside, bare = within.get(parent, []), within.get("", [])
        if len(beside) > _FEW:
            if (own, by_stem, parent) not in self._tails:
                self._tails[own, by_stem, parent] = _Tails(beside, self.key)
            found = self._tails[own, by_stem, parent].closest(key)
        else:
            found = self._furthest(key, beside, past_storage)
        found = found or self._furthest(key, bare[:_FEW], past_storage)
        if found or not past_storage:
            return found
        return self._furthest(key, [row for rows in within.values() for row in rows], True)

    def _furthest(self, key: Key, rows: list[int], past_storage: bool) -> list[int]:
        """Return the rows that share the longest tail of folders, [] where all contradict."""
        best, found = -1, list[int]()
        for row in rows if not past_storage or len(rows) <= _FEW else ():
            shared = _tail(key, self.key(row), past_storage)
            if shared > best:
                best, found = shared, []
            if shared == best >= 0:
                found.append(row)
        return found


def _add(places: dict[Named, Rows], key: Named, row: int) -> None:
    """Add a row; only where there are several they are held in a list."""
    rows = places.setdefault(key, row)
    if isinstance(rows, list):
        rows.append(row)
    elif rows is not row:
        places[key] = [rows, row]


def _listed(rows: Rows | None) -> list[int]:
    return [] if rows is None else rows if isinstance(rows, list) else [rows]


class _Tails:
    """Many rows of one name in folders of one name, by all that precedes."""

    def __init__(self, rows: list[int], key: Callable[[int], Key]) -> None:
        self._whole: dict[tuple[str, ...], list[int]] = {}
        self._parts: dict[tuple[str, ...], list[int]] = {}
        self._foreign: dict[tuple[str, ...], list[int]] = {}
        for row in rows:
            named = key(row)
            inwards = named.folders[::-1]
            self._whole.setdefault(inwards, []).append(row)
            for depth in range(1, len(inwards) + 1):
                self._parts.setdefault(inwards[:depth], []).append(row)
                if named.is_foreign:
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
