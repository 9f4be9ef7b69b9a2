"""Erase what a workspace still holds of removed images, and say what it cannot erase itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.criteria.trials.copies import copies_of
from gmv_core.jobs.job import folder_of, list_jobs
from gmv_core.jobs.overview import is_outgrown
from gmv_core.sets.removal import erase_removed
from gmv_core.sources.addresses.address import is_address
from gmv_core.store.files import sizes_below
from gmv_core.store.manifests import EMPTY, READY, RunManifest, SetManifest
from gmv_core.store.records import readable
from gmv_core.store.remote.objects import ObjectPath, Place
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.types import Report, silent
from gmv_core.words import counted

LOG = "log.txt"
# Files that may name an image; tables and indexes are erased row by row.
_TEXTS = (".json", ".csv", ".txt", ".sqlite", ".sqlite-wal", ".html", ".log")
_MOST_NAMES = 1_000  # looked for in such files


@dataclass(frozen=True)
class Vacuumed:
    """What a vacuum did: images erased by set, bytes freed, and sentences on what is left."""

    erased: Mapping[str, int]
    freed_bytes: int
    left: tuple[str, ...]


def vacuum(workspace: Workspace, name: str = "", *, report: Report = silent) -> Vacuumed:
    """Erase what is still stored of images that were removed from a set, or from any ("").

    Previews, vectors, sketches, small pixels, names, labels and digests go, from all versions of
    all tables; also uploaded label tables of those sets, and logs of jobs that are over. Runs that
    were valued since the removal stay valid. Raises WorkspaceError for an unfinished set.
    """
    with workspace.writing():
        before = sum(sizes_below(workspace.root).values())
        runs, sets = readable(workspace.runs()), readable(workspace.sets())
        chosen = [workspace.image_set(name)] if name else [
            workspace.image_set(made.name) for made in sets if made.state in (READY, EMPTY)
        ]  # fmt: skip
        erased = {images.name: erase_removed(images, report=report) for images in chosen}
        for images in chosen:
            _drop_unused_nulls(images, runs)
            for run in runs:
                if images.name in (run.training.name, run.generated.name):
                    for path in workspace.run(run.name).folder.glob("*.lance"):
                        Table(path).forget_versions()
        if any(erased.values()):
            _empty_logs(workspace)
        left = list[str]()
        for images in chosen:
            if erased[images.name]:
                left += _left(workspace, images, erased[images.name], runs, sets)
        root = workspace.root
        if left and isinstance(root, ObjectPath) and root.may_keep_versions():
            left.append(
                f"The bucket {root.bucket!r} keeps older versions of objects, or does not tell; "
                "have its lifecycle rules delete them."
            )
        freed = before - sum(sizes_below(workspace.root).values())
        return Vacuumed({name: len(gone) for name, gone in erased.items()}, freed, tuple(left))


def _drop_unused_nulls(images: ImageSet, runs: list[RunManifest]) -> None:
    """Drop the measured nulls of a set that no run is held against."""
    used = {f"null-{run.null.key}" for run in runs if run.null}
    for path in images.folder.glob("null-*.lance"):
        if path.stem not in used:
            Table(path).drop()


def _empty_logs(workspace: Workspace) -> None:
    """Empty the logs of jobs that are over: they print names of images."""
    for job in list_jobs(workspace):
        log = folder_of(workspace, job.id) / LOG
        if not job.active and log.exists():
            log.write_bytes(b"")


def _left(
    workspace: Workspace,
    images: ImageSet,
    gone: Mapping[str, str],
    runs: list[RunManifest],
    sets: list[SetManifest],
) -> Iterator[str]:
    """Yield sentences on what is left of erased images. gone: name → SHA-256."""
    made = images.manifest()
    for run in runs:
        if is_outgrown(run, {images.name: made}):
            yield (
                f"The run {run.name!r} was valued with them; run its `value` command again, or "
                "delete it."
            )
        for copy in copies_of(workspace, run.name, images.name):
            if isinstance(copy, ImageSet):
                yield (
                    f"The set {copy.name!r} is a copy that was made to judge the run {run.name!r}; "
                    f"`gmv criteria {run.name} --forget` deletes it."
                )
    for other in sets:
        holds = _holds(workspace.image_set(other.name), gone.values())
        if other.name != images.name and holds:
            yield (
                f"The set {other.name!r} holds {counted(holds, 'image')} of the same bytes; remove "
                "there too what should go."
            )
    for source in made.sources:
        if is_address(source.location) or Path(source.location).exists():
            yield f"{source.location} is where they came from; it is not touched."
    for path in _naming(workspace.root, gone):
        mend = "delete it" if path.suffix != ".sqlite" else "delete those with `gmv review delete`"
        yield f"{path} still names at least one of them; {mend} if it should not."


def _holds(images: ImageSet, digests: Collection[str]) -> int:
    if not images.images.exists():
        return 0
    wanted = pa.array(sorted(set(digests) - {""}), pa.string())
    found = pc.is_in(images.images.read(["sha256"])["sha256"], value_set=wanted)
    return int(pc.sum(found).as_py() or 0)


def _naming(root: Place, names: Collection[str]) -> Iterator[Place]:
    """Yield the small files of a workspace in which one of the names stands."""
    some = sorted(names)[:_MOST_NAMES]
    either = b"|".join(re.escape(name.encode()) for name in some)
    named = re.compile(rb"(?<![\w./-])(?:" + either + rb")(?![\w.-])")
    for name in sizes_below(root):
        path = root / name
        if path.suffix in _TEXTS and not name.startswith("uploads/"):
            if named.search(path.read_bytes()):
                yield path
