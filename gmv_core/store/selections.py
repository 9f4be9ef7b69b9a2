"""Selections: rows of an image set, combined with each other, and kept with the set under a name.

A row of a set never changes, so a selection stays what it was when the set grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
import numpy as np

from gmv_core.errors import WorkspaceError, unknown_choice
from gmv_core.store.access import Right, require
from gmv_core.store.columns import statuses
from gmv_core.store.files import aside, locked, now
from gmv_core.store.remote.objects import Place
from gmv_core.store.workspace import ImageSet, check_name
from gmv_core.types import Int64

FOLDER = "selections"
NEW, ADD, INTERSECT, REMOVE = "new", "add", "intersect", "remove"
WAYS = (NEW, ADD, INTERSECT, REMOVE)


class _NoSuchSelection(WorkspaceError):
    pass


class SelectionFile(msgspec.Struct, frozen=True):
    """A selection's file. of: when its set was begun; rows: sorted; saved: when."""

    of: str
    rows: list[int]
    saved: str


def combine(old: Int64, chosen: Int64, way: str = NEW) -> Int64:
    """Return the rows of `chosen` alone, or added to, kept in, or taken from `old`; sorted.

    way: one of WAYS; raises SettingsError for another.
    """
    if way not in WAYS:
        raise unknown_choice("way to combine selections", way, list(WAYS))
    # By masks: numpy's operations on sets take half a second for a million rows.
    size = int(max(old.max(initial=-1), chosen.max(initial=-1))) + 1
    before, now = np.zeros(size, bool), np.zeros(size, bool)
    before[old], now[chosen] = True, True
    kept = {NEW: now, ADD: before | now, INTERSECT: before & now, REMOVE: before & ~now}[way]
    return np.flatnonzero(kept)


def inverted(images: ImageSet, rows: Int64) -> Int64:
    """Return the rows of all images that are not rejected and not among `rows`."""
    others = statuses(images)
    others[rows] = False
    return np.flatnonzero(others)


def names_of(images: ImageSet, rows: Int64) -> list[str]:
    """Return the names of rows."""
    if not len(rows):
        return []
    names: list[str] = images.images.take(rows, ["name"])["name"].to_pylist()
    return names


def rows_of(images: ImageSet, names: list[str]) -> Int64:
    """Return the rows of images by their names, sorted.

    Raises WorkspaceError for a name that the set has not.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = images.images.read(["id", "name"])
    found = table.filter(pc.is_in(table["name"], value_set=pa.array(names, pa.string())))
    missing = set(names) - set(found["name"].to_pylist())
    if missing:
        raise WorkspaceError(
            f"The set {images.name!r} has no image {min(missing)!r}; give names that it has."
        )
    rows: Int64 = np.sort(found["id"].to_numpy())
    return rows


def selections(images: ImageSet) -> dict[str, Int64]:
    """Return the saved selections of a set by name, in alphabetical order: rows, sorted."""
    found = {}
    for name in saved_names(images):
        with suppress(_NoSuchSelection):  # deleted since the list was made
            found[name] = read_selection(images, name)
    return found


def saved_names(images: ImageSet) -> list[str]:
    """Return the names of the saved selections of a set, in alphabetical order."""
    return sorted(path.stem for path in (images.folder / FOLDER).glob("[!.]*.json"))


def read_selection(images: ImageSet, name: str) -> Int64:
    """Return the rows of a saved selection, sorted.

    Raises WorkspaceError where there is none of that name, or it is of a set that was replaced.
    """
    try:
        found = msgspec.json.decode(_path(images, name).read_bytes(), type=SelectionFile)
    except FileNotFoundError:
        known = ", ".join(saved_names(images)) or "none yet"
        raise _NoSuchSelection(
            f"The set {images.name!r} has no selection {name!r}; there is: {known}."
        ) from None
    except msgspec.DecodeError as error:
        raise WorkspaceError(
            f"The selection {name!r} of {images.name!r} is not readable ({error}); delete it."
        ) from error
    rows = np.array(found.rows, np.int64)
    if found.of != images.manifest().created or (len(rows) and rows.max() >= len(images.images)):
        raise WorkspaceError(
            f"The selection {name!r} is of an earlier set {images.name!r}; delete it."
        )
    return rows


def save_selection(images: ImageSet, name: str, rows: Int64) -> None:
    """Keep rows of a set under a name; what had that name is replaced."""
    path = _path(images, name)
    with _alone(images):
        created = images.manifest().created
        file = SelectionFile(created, np.unique(rows).tolist(), now())
        path.parent.mkdir(exist_ok=True)
        with aside(path) as unfinished:
            unfinished.write_bytes(msgspec.json.encode(file))


def delete_selection(images: ImageSet, name: str) -> None:
    """Forget a saved selection; raise WorkspaceError where there is none of that name."""
    with _alone(images):
        try:
            _path(images, name).unlink()
        except FileNotFoundError:
            raise WorkspaceError(
                f"The set {images.name!r} has no selection {name!r}; nothing was deleted."
            ) from None


def _path(images: ImageSet, name: str) -> Place:
    return images.folder / FOLDER / f"{check_name(name)}.json"


@contextmanager
def _alone(images: ImageSet) -> Iterator[None]:
    """Let one session at a time write."""
    require(Right.EDIT, "saving or deleting a selection")
    images.manifest()  # raises where there is no such set: never make a folder for a selection
    with locked(
        images.folder / f".{FOLDER}.lock",
        seconds=10,
        busy=f"A selection of {images.name!r} is being saved by another session; try again.",
        unwritable=f"No selection of {images.name!r} can be saved ({{reason}}); check that the "
        "workspace is writable.",
    ):
        yield
