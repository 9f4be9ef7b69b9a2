"""Training images that someone has marked for removal; nothing is ever removed by a mark.

The names are kept in the set's own folder, so that they outlive a session and go with the set.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from gmv_core.errors import WorkspaceError
from gmv_core.store.access import Right, require
from gmv_core.store.files import locked, write_json
from gmv_core.store.remote.objects import Place
from gmv_core.store.workspace import ImageSet

FILE = "marked.json"


def marked(training: ImageSet) -> frozenset[str]:
    """Return the names of the marked images. Raises WorkspaceError for a file that is not ours."""
    path = training.folder / FILE
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["marked"]
    except FileNotFoundError:
        return frozenset()
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _unreadable(path)
    return frozenset(names)


def mark(training: ImageSet, names: Collection[str]) -> None:
    """Mark images, beside those that are marked."""
    with _alone(training):
        _write(training, marked(training) | set(names))


def unmark(training: ImageSet, names: Collection[str] | None = None) -> None:
    """Take the marks of some images away, or of all."""
    with _alone(training):
        _write(training, frozenset() if names is None else marked(training) - set(names))


def _write(training: ImageSet, names: frozenset[str]) -> None:
    write_json(training.folder / FILE, {"marked": sorted(names)})


def _unreadable(path: Place) -> WorkspaceError:
    return WorkspaceError(f"The marks in {path} are not readable; delete that file to start anew.")


@contextmanager
def _alone(training: ImageSet) -> Iterator[None]:
    """Let one session at a time read and write the marks, so that none loses another's."""
    require(Right.EDIT, "marking images")
    training.manifest()  # raises where there is no such set: never make a folder for marks alone
    with locked(
        training.folder / f".{FILE}.lock",
        seconds=10,
        busy=f"The marks of {training.name!r} are being written by another session; try again.",
        unwritable=f"The marks of {training.name!r} cannot be written ({{reason}}); check that the "
        "workspace is writable.",
    ):
        yield
