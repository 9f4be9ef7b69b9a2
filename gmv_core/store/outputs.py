"""Files that a user asks for: never among a workspace's own, which they would replace."""

from __future__ import annotations

from pathlib import Path

from gmv_core.errors import WorkspaceError
from gmv_core.store.access import Right, may
from gmv_core.store.workspace import Record, Workspace

OWN = ("sets", "runs", "jobs", "uploads")


def check_output(place: Workspace | Record, path: Path) -> None:
    """Raise WorkspaceError for a file or folder that would be written among a workspace's own.

    place: the workspace, or a set or run of it. Where nothing may be changed, none of it may be
    written. Links are followed first.
    """
    root = (place.beside if isinstance(place, Workspace) else place.beside.parents[1]).resolve()
    wanted = path.resolve()
    if not wanted.is_relative_to(root):
        return
    first = wanted.relative_to(root).parts[:1]
    name = first[0].casefold() if first else ""  # some disks know a file by either case
    own = not name or name in OWN or name.startswith((".", "reviews.sqlite"))
    if own or not may(Right.EDIT):
        raise WorkspaceError(
            f"{path} lies in the workspace {root}, among what it keeps; write it elsewhere."
        )
