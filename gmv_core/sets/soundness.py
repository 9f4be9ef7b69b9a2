"""Whether what a finished set has on disk is what its build left, and what can be made again."""

from __future__ import annotations

from msgspec.structs import replace

from gmv_core.errors import GMVError, WorkspaceError
from gmv_core.sets.index import load_index
from gmv_core.store.files import paths_in, sizes_below
from gmv_core.store.manifests import SetManifest
from gmv_core.store.remote.objects import ObjectPath
from gmv_core.store.tables.damage import damage_of
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Record, Run


def files_of(images: ImageSet, embedder: str) -> dict[str, int]:
    """Return the files that a build leaves, by place in the set's folder, with their sizes."""
    places = (images.images.path, images.embeddings(embedder).path, images.index_folder(embedder))
    files = dict[str, int]()
    for place in places:
        inside = "/".join(place.parts[len(images.folder.parts) :])
        files |= {f"{inside}/{name}": size for name, size in sizes_below(place).items()}
    return files


def is_whole(images: ImageSet, manifest: SetManifest) -> bool:
    """Return whether a finished set's files are there in their sizes, and sound to their ends.

    On an object store, which keeps checksums of its own, none of them is read, but of an earlier
    version, which did not keep the sizes.
    """
    if manifest.files and files_of(images, manifest.embedder.key) != manifest.files:
        return False
    on_store = isinstance(images.folder, ObjectPath)
    return (on_store and bool(manifest.files)) or not set_damage(images)


def damage(record: Record) -> list[str]:
    """Return in sentences what is damaged of a set or run, all of it read; none if sound."""
    if isinstance(record, ImageSet):
        return set_damage(record)
    assert isinstance(record, Run)  # noqa: S101  (there is no third kind)
    manifest = record.manifest()
    found = map(Table, paths_in(record.folder, "*.lance"))
    tables = [table for table in found if table.exists()]
    needed = {"matches", "quality", "generated", "values"} if manifest.totals else set()
    missing = sorted(needed - {table.path.stem for table in tables})
    said = [f"The table {name}.lance of {record.name!r} is missing." for name in missing]
    return said + [sentence for table in tables for sentence in damage_of(table)]


def set_damage(images: ImageSet) -> list[str]:
    """Return in sentences what is damaged of a set."""
    manifest = images.manifest()
    own = images.embeddings(manifest.embedder.key)
    tables = [images.images, own, *further_tables(images, own)]
    said = [sentence for table in tables for sentence in damage_of(table)]
    if said or manifest.counts is None or manifest.index is None:
        return said
    for table in (images.images, own):
        if len(table) != manifest.counts.images:
            said.append(
                f"The table {table.path.name} of {images.name!r} has {len(table):,} rows, and the "
                f"set {manifest.counts.images:,} images."
            )
    try:
        load_index(images, manifest.embedder.key, manifest.index)
    except (GMVError, RuntimeError, OSError, ValueError) as error:
        said.append(f"The index of {images.name!r} cannot be read ({str(error)[:120]}).")
    return said


def further_tables(images: ImageSet, own: Table) -> list[Table]:
    """Return a set's tables besides its images and own embeddings: all can be made again.

    Not one whose first commit was never finished, as on a full disk: nothing relies on it.
    """
    paths = [
        *paths_in(images.folder, "*.lance"),
        *paths_in(images.folder / "embeddings", "*.lance"),
    ]
    others = [path for path in sorted(paths, key=str) if path not in (images.images.path, own.path)]
    return [table for table in map(Table, others) if table.exists()]


def vector_tables(images: ImageSet) -> list[Table]:
    """Return the tables of a set's vectors, one an embedder."""
    paths = paths_in(images.folder / "embeddings", "*.lance")
    return [table for table in map(Table, paths) if table.exists()]


def drop_damaged(images: ImageSet, manifest: SetManifest) -> SetManifest:
    """Delete what is damaged of a set and can be made again; return the manifest to go on under.

    The images table is read again from its source, which must then be the only one; raises
    WorkspaceError where it is not.
    """
    own = images.embeddings(manifest.embedder.key)
    if images.images.path.exists() and damage_of(images.images):
        if len(manifest.sources) > 1:
            raise WorkspaceError(
                f"The images of {images.name!r} are damaged on disk, and came from "
                f"{len(manifest.sources)} sources; delete the set, build and add them again."
            )
        if manifest.removed_at:
            raise WorkspaceError(
                f"The images of {images.name!r} are damaged on disk, and some were removed since "
                "they were read; delete the set, build it again, and remove those images again."
            )
        images.images.drop()
        own.drop()
    elif own.path.exists() and damage_of(own):
        own.drop()
    for table in further_tables(images, own):
        if damage_of(table):
            table.drop()
    if not images.images.exists():
        first = manifest.sources[0]
        return replace(manifest, sources=(replace(first, complete=False, first_row=0),))
    return manifest
