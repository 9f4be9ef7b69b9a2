"""The sets and runs of a workspace as lists, in which one that cannot be read costs itself only."""

from __future__ import annotations

from collections.abc import Sequence

from gmv_core.errors import WorkspaceError
from gmv_core.store.workspace import Manifest, Record


def newest(
    records: Sequence[Record], unreadable: dict[Record, str] | None = None
) -> list[Manifest]:
    """Return the manifests that can be read, newest first; see `readable`.

    Runs that were made to judge another one come last: nobody asked to look at them.
    """

    def order(manifest: Manifest) -> tuple[bool, str]:
        return "judges" not in manifest, str(manifest.get("updated") or manifest["created"])

    return sorted(readable(records, unreadable), key=order, reverse=True)


def readable(
    records: Sequence[Record], unreadable: dict[Record, str] | None = None
) -> list[Manifest]:
    """Return the manifests that can be read, in order; note in `unreadable` why one cannot."""
    found = []
    for record in records:
        try:
            found.append(record.manifest())
        except WorkspaceError as problem:
            if unreadable is not None:
                unreadable[record] = str(problem)
    return found
