"""Manifest files, manifest.json in the folder of a set or run: read and written here alone.

Equal keys since format 2; keys of later versions are passed over.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gmv_core.errors import GMVError, WorkspaceError
from gmv_core.settings import AS_STORED
from gmv_core.store.access import Right, require
from gmv_core.store.files import write_json
from gmv_core.store.manifests import FORMAT, M, Manifest
from gmv_core.store.remote.lease import confirm
from gmv_core.store.remote.objects import ObjectPath, Place, remove_objects


class _Format(msgspec.Struct):
    format: Any = None


def read_manifest(path: Place, kind: type[M]) -> M:
    """Read a manifest file; raise WorkspaceError, one sentence, for whatever is wrong with it.

    Raises FileNotFoundError where there is none.
    """
    content = path.read_bytes()
    name = path.parent.name
    try:
        found = msgspec.json.decode(content, type=_Format).format
        if found != FORMAT:
            raise WorkspaceError(
                f"{name!r} was written in format {found}, this version reads format {FORMAT}; "
                "build it again."
            )
        document = msgspec.json.decode(content)
        if document.get("typical") == {}:  # no image could be read
            document["typical"] = None
        if isinstance(document.get("ingest"), dict):  # earlier versions passed over profiles
            document["ingest"].setdefault("colours", AS_STORED)
        return msgspec.convert(document, kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"The manifest of {name!r} is not readable ({error}); {_repair(path)}"
        ) from error
    except WorkspaceError:
        raise
    except GMVError as error:  # settings that no version would write
        raise WorkspaceError(
            f"The manifest of {name!r} holds what cannot be ({error}); {_repair(path)}"
        ) from error


def _repair(path: Place) -> str:
    inside = "/".join(path.parts[-3:])  # sets/NAME/manifest.json
    return (
        f"restore the file {inside} of the workspace, or delete it and give the commands that made "
        f"{path.parent.name!r} again."
    )


class _Named(msgspec.Struct):
    name: str


class _Null(msgspec.Struct):
    source: str = ""


class _Uses(msgspec.Struct):
    training: _Named
    generated: _Named
    null: _Null | None = None


def sets_used_by(path: Place) -> set[str] | None:
    """Return the names of the sets that a run's manifest names, whatever its version; else None.

    A run that was deleted meanwhile uses none.
    """
    try:
        uses = msgspec.json.decode(path.read_bytes(), type=_Uses)
    except FileNotFoundError:
        return set()
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    held_out = {uses.null.source} if uses.null and uses.null.source else set()
    return {uses.training.name, uses.generated.name} | held_out


def write_manifest(path: Place, manifest: Manifest) -> None:
    """Write a manifest aside, then rename it."""
    require(Right.EDIT, "changing a set or a run")
    if isinstance(path, ObjectPath) and not path.is_file():
        confirm(path)
        remove_objects(path.parent)  # left where a set or run of that name was being deleted
    stored = msgspec.structs.replace(manifest, reused=None)
    write_json(path, as_json(stored))


def as_json(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as plain JSON values; what is not known yet is left out."""
    known: dict[str, Any] = _known(msgspec.to_builtins(manifest))
    return known


def _known(value: Any) -> Any:  # noqa: ANN401  (any JSON)
    if isinstance(value, dict):
        return {key: _known(v) for key, v in value.items() if v is not None}
    return value
