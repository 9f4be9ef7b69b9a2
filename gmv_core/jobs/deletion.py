"""Deleting a set or a run together with what was made for it alone."""

from __future__ import annotations

from gmv_core.criteria.trials.copies import copies_of
from gmv_core.errors import WorkspaceError
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import Run, Workspace


def delete(workspace: Workspace, name: str, *, kind: str = "") -> str:
    """Delete the set or run of that name and return which it was.

    With a run go the copies that were made to judge it, and its generated and held-out images,
    where they were built for it and no other run uses them. kind: see `Workspace.delete`, whose
    errors these are.
    """
    with workspace.writing():
        run = workspace.run(name)
        manifest = _readable(run) if kind != "set" else None
        if manifest is None:
            return workspace.delete(name, kind=kind)
        for record in copies_of(workspace, name, manifest.training.name):
            workspace.drop(record)
        deleted = workspace.delete(name, kind="run")
        own = [manifest.generated.name] if manifest.generated.own else []
        own += [manifest.null.source] if manifest.null and manifest.null.own else []
        for made in map(workspace.image_set, own):
            if made.exists() and not workspace.users(made.name):
                workspace.drop(made)
        return deleted


def _readable(run: Run) -> RunManifest | None:
    try:
        return run.manifest() if run.exists() else None
    except WorkspaceError:
        return None
