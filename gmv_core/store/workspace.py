"""The workspace: where image sets and runs lie, and how they are written.

Everything is a Lance table or a JSON manifest under one folder, on disk or on an object store. A
batch that has been appended is kept for good; what spans two tables is mended on the next start by
cutting the longer one back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from gmv_core.errors import WorkspaceError
from gmv_core.store.access import Right, require
from gmv_core.store.files import disk_problem, locked, paths_in, remove
from gmv_core.store.manifest_files import read_manifest, sets_used_by, write_manifest
from gmv_core.store.manifests import READY, M, RunManifest, SetManifest
from gmv_core.store.remote.copies import beside
from gmv_core.store.remote.objects import ObjectPath, Place, is_unreachable, unreachable
from gmv_core.store.remote.places import place_of
from gmv_core.store.tables.kept import Kept
from gmv_core.store.tables.table import Table
from gmv_core.types import Int64

HOME = "GMV_HOME"  # the environment variable that tells where the workspace lies
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def default_root() -> Place:
    """Return `GMV_HOME`, or ./workspace."""
    return place_of(os.environ.get(HOME) or "workspace")


def check_name(name: str) -> str:
    """Return `name` if it can name a set or a run, else raise WorkspaceError."""
    if not NAME.fullmatch(name) or name.endswith("."):
        raise WorkspaceError(
            f"{name!r} cannot be a name; use 1 to 64 letters, digits, dots, dashes or underscores, "
            "starting with a letter or digit."
        )
    return name


@dataclass(frozen=True)
class Record:
    """A named folder of the workspace that holds a manifest and tables.

    kept: what one answer reads of it; see `Kept`.
    """

    folder: Place
    kept: Kept | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def kind(self) -> str:
        """Which it is, "set" or "run"."""
        return self.folder.parent.name[:-1]

    def table(self, name: str) -> Table:
        return Table(self.folder / f"{name}.lance", self.kept)

    def exists(self) -> bool:
        return self.manifest_file.is_file()

    @property
    def beside(self) -> Path:
        """Its folder on this machine, for what is brought there: itself on a disk."""
        return beside(self.folder.parent.parent) / self.folder.parent.name / self.name

    @property
    def manifest_file(self) -> Place:
        return self.folder / "manifest.json"

    def _read(self, kind: type[M]) -> M:
        ask = partial(read_manifest, self.manifest_file, kind)
        return ask() if self.kept is None else self.kept.once(self.manifest_file, ask)

    def _missing(self) -> WorkspaceError:
        return WorkspaceError(
            f"There is no {self.kind} named {self.name!r} in this "
            "workspace; `python -m gmv_core list` shows what there is."
        )


class ImageSet(Record):
    """A training set or a generated set."""

    def manifest(self) -> SetManifest:
        """Return the manifest; raise WorkspaceError where there is none that can be read."""
        try:
            return self._read(SetManifest)
        except FileNotFoundError:
            raise self._missing() from None

    def write_manifest(self, manifest: SetManifest) -> None:
        write_manifest(self.manifest_file, manifest)

    @property
    def images(self) -> Table:
        return self.table("images")

    def embeddings(self, embedder: str) -> Table:
        return Table(self.folder / "embeddings" / f"{file_name(embedder)}.lance", self.kept)

    def index_folder(self, embedder: str) -> Place:
        return self.folder / "index" / file_name(embedder)

    @property
    def digest(self) -> str:
        """What changes whenever the set does: a key for what is kept of it."""
        manifest = self.manifest()
        return f"{self.folder} {manifest.created} {manifest.updated} {manifest.labelled or ''}"

    def selections(self) -> dict[str, Int64]:
        """Return the rows of each selection that is kept with the set; see store/selections.py."""
        from gmv_core.store.selections import selections

        return selections(self)

    def _repr_html_(self) -> str:
        """Draw the set in a notebook."""
        from gmv_core.store.drawn import set_html

        return set_html(self)


class Run(Record):
    """The valuation of one generated set against one training set."""

    def manifest(self) -> RunManifest:
        """Return the manifest; raise WorkspaceError where there is none that can be read."""
        try:
            return self._read(RunManifest)
        except FileNotFoundError:
            raise self._missing() from None

    def write_manifest(self, manifest: RunManifest) -> None:
        write_manifest(self.manifest_file, manifest)

    def close(self) -> None:
        """Let nobody open it before it is valued again: a set that it used is being replaced."""
        manifest = self.manifest()
        if manifest.state == READY:
            self.write_manifest(replace(manifest, state="running"))


def file_name(key: str) -> str:
    """Return a model's key as a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", key).strip("-.") or "model"


@dataclass(frozen=True, init=False)
class Workspace:
    """One folder with image sets and runs, or one place on an object store: "s3://bucket/ws"."""

    root: Place

    def __init__(self, root: Place | str) -> None:
        object.__setattr__(self, "root", place_of(root))

    @property
    def beside(self) -> Path:
        """A folder of this machine, for jobs and uploads: the workspace itself on a disk."""
        return beside(self.root)

    def image_set(self, name: str) -> ImageSet:
        return ImageSet(self.root / "sets" / check_name(name))

    def run(self, name: str) -> Run:
        return Run(self.root / "runs" / check_name(name))

    def sets(self) -> list[ImageSet]:
        return [ImageSet(folder) for folder in self._folders("sets")]

    def runs(self) -> list[Run]:
        return [Run(folder) for folder in self._folders("runs")]

    def _folders(self, kind: str) -> list[Place]:
        found = [path.parent for path in paths_in(self.root / kind, "*/manifest.json")]
        return [folder for folder in found if NAME.fullmatch(folder.name)]

    @contextmanager
    def writing(self, *, wait: bool = False) -> Iterator[None]:
        """Hold the workspace's one writer's lock; raise WorkspaceError if another process has it.

        wait: until the other lets go, instead of raising.
        """
        require(Right.EDIT, "building or valuing")
        with locked(
            self.root / ".lock",
            seconds=-1 if wait else 0,
            busy=f"Another build or run is writing in {self.root}; wait until it is done, or use "
            "another --workspace.",
            unwritable=f"The workspace {self.root} cannot be written ({{reason}}); choose another "
            "with --workspace.",
        ):
            try:
                yield
            except (OSError, RuntimeError) as error:
                problem = disk_problem(error)
                if isinstance(self.root, ObjectPath) and is_unreachable(error):
                    raise unreachable(self.root, error) from error
                if not problem:
                    raise
                raise WorkspaceError(
                    f"The workspace {self.root} cannot be written ({problem}); what was done is "
                    "kept: make room or choose another with --workspace, and give the same again."
                ) from error

    def delete(self, name: str, *, kind: str = "") -> str:
        """Delete the set or run of that name and return which it was.

        kind: "set" or "run" where one is meant; else a run goes before a set of the same name.
        Only a folder that holds our manifest is ever deleted; a set that a run still uses is kept.
        """
        both = (self.run(name), self.image_set(name))
        found = [r for r in both if r.exists() and kind in ("", r.kind)]
        if not found:
            raise WorkspaceError(
                f"There is no {kind or 'set or run'} named {name!r}; `python -m gmv_core list` "
                "shows what there is."
            )
        record = found[0]
        users = self.users(name) if isinstance(record, ImageSet) else []
        if users:
            raise WorkspaceError(
                f"The set {name!r} is used by the run {users[0]!r}; delete that run first."
            )
        self.drop(record)
        return record.kind

    def users(self, name: str) -> list[str]:
        """Return the names of the runs that use the set of that name.

        Raises WorkspaceError for a run that cannot be read: it may use the set.
        """
        return [run.name for run in self.runs() if name in _used_sets(run)]

    def drop(self, record: Record) -> None:
        """Delete a record's folder, which must hold our manifest and lie in this workspace."""
        if not record.exists() or record.folder.parent.parent != self.root:
            raise WorkspaceError(f"{record.folder} is not a set or run of this workspace.")
        require(Right.EDIT, "deleting")
        remove(record.folder, self.root / f".{record.folder.parent.name}-{record.name}.deleted")


def _used_sets(run: Run) -> set[str]:
    used = sets_used_by(run.manifest_file)
    if used is None:
        raise WorkspaceError(
            f"The run {run.name!r} cannot be read, and may use this set; delete that run first."
        )
    return used
