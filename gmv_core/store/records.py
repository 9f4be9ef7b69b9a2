"""The sets and runs of a workspace as lists, in which one that cannot be read costs itself only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from gmv_core.errors import WorkspaceError
from gmv_core.store.manifests import Manifest, RunManifest, SetManifest
from gmv_core.store.workspace import ImageSet, Record, Run

Unreadable = dict[Record, str]


def newest(sets: Sequence[ImageSet], unreadable: Unreadable | None = None) -> list[SetManifest]:
    """Return the manifests of sets that can be read, newest first; see `readable`."""
    return sorted(readable(sets, unreadable), key=_changed, reverse=True)


def newest_runs(runs: Sequence[Run], unreadable: Unreadable | None = None) -> list[RunManifest]:
    """Return the manifests of runs that can be read, newest first; see `readable`.

    Runs that were made to judge another one come last: nobody asked to look at them.
    """
    found = sorted(readable(runs, unreadable), key=_changed, reverse=True)
    return sorted(found, key=lambda run: run.judges is not None)


@overload
def readable(
    records: Sequence[ImageSet], unreadable: Unreadable | None = None
) -> list[SetManifest]: ...
@overload
def readable(records: Sequence[Run], unreadable: Unreadable | None = None) -> list[RunManifest]: ...
def readable(
    records: Sequence[ImageSet] | Sequence[Run], unreadable: Unreadable | None = None
) -> list[SetManifest] | list[RunManifest]:
    """Return the manifests that can be read, in order; note in `unreadable` why one cannot."""
    found: list[Any] = []
    for record in records:
        try:
            found.append(record.manifest())
        except WorkspaceError as problem:
            # One that is not there any more was deleted since the list was made.
            if unreadable is not None and record.exists():
                unreadable[record] = str(problem)
    return found


def _changed(manifest: Manifest) -> str:
    return manifest.updated or manifest.created
