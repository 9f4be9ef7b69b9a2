"""A run as evidence: one file with its tables, settings and digests that others can check.

docs/evidence.md describes the format for those who write a verifier of their own; verify.py is
ours. The same run gives the same bytes, but for the stamp: who made the file when, and the
signature. Tables are written in files of bounded size, so a million images need no more memory.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.audit.archive import ArchiveWriter, canonical
from gmv_core.audit.form import DOCUMENT, FORMAT, GROUPED, PICTURES, SCHEMAS, in_files, parquet
from gmv_core.audit.keys import sealed_by
from gmv_core.audit.review.reviews import list_reviews, reviews_table, run_of
from gmv_core.errors import SourceError, WorkspaceError
from gmv_core.models.catalogue import MODELS, row_of
from gmv_core.results.result import Result
from gmv_core.results.shares import group_shares, value_intervals
from gmv_core.sets.provenance import versions
from gmv_core.sets.soundness import damage
from gmv_core.store.files import aside, now
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import SetManifest
from gmv_core.store.outputs import check_output
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.trust.duplicates import has_clusters, read_clusters
from gmv_core.trust.null import null_table
from gmv_core.types import Progress, Report, silent

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ABOUT = ("id", "name", "status", "label", "owner", "attributes", "sha256")
Tables = dict[str, Callable[[], Iterable[pa.Table]]]


def write_evidence(
    result: Result,
    path: Path,
    *,
    key: Ed25519PrivateKey | None = None,
    with_previews: bool = False,
    created: str = "",
    report: Report = silent,
) -> str:
    """Write a run's evidence to a file, and return the root of its digests.

    result: as it is read, with its settings. key: signs it. with_previews: the pictures go along,
    too. created: the time in the stamp, now by default. Raises WorkspaceError for a run or set
    that is damaged, SourceError where the file cannot be written.
    """
    for record in (result.run, result.training, result.generated):
        said = damage(record)
        if said:
            raise WorkspaceError(
                f"No evidence of {result.run.name!r} can be given: {said[0]} `check` says more."
            )
    check_output(result.run, path)
    try:
        with aside(path) as unfinished, unfinished.open("wb") as file:
            archive = ArchiveWriter(file)
            root = _add_all(archive, result, with_previews=with_previews, report=report)
            archive.stamp(stamp(root, created or now(), key))
    except OSError as error:
        raise SourceError(
            f"{path} cannot be written ({error.strerror or error}); give another file."
        ) from error
    return root


def evidence_root(result: Result, *, report: Report = silent) -> str:
    """Return the root that a run's evidence without previews has; nothing is written."""
    with open(os.devnull, "wb") as nowhere:
        return _add_all(ArchiveWriter(nowhere), result, with_previews=False, report=report)


def _add_all(archive: ArchiveWriter, result: Result, *, with_previews: bool, report: Report) -> str:
    """Add all files but the stamp, and return the root."""
    assert not result.without  # noqa: S101  (a run is given as it stands)
    archive.add(DOCUMENT, canonical(about(result)))
    tables = _tables(result, with_previews=with_previews)
    for done, name in enumerate(sorted(tables)):
        for number, table in enumerate(in_files(tables[name](), name)):
            archive.add(f"tables/{name}/{number:05d}.parquet", parquet(table))
        report(Progress("evidence", done + 1, len(tables)))
    return archive.digests()


def about(result: Result) -> dict[str, Any]:
    """Return what was compared and how: the file evidence.json."""
    reach = result.basis.reach
    return {
        "format": FORMAT,
        "run": as_json(result.told()),
        "training": _set(result.training.manifest()),
        "generated": _set(result.generated.manifest()),
        "reach": float(reach) if np.isfinite(reach) else None,
        "weights": weights_of(result),
    }


def _set(manifest: SetManifest) -> dict[str, Any]:
    """Return a set's manifest without the place of its images on this machine."""
    sources = tuple(
        msgspec.structs.replace(source, location=Path(source.location).name)
        for source in manifest.sources
    )
    return as_json(msgspec.structs.replace(manifest, sources=sources, files={}, reused=None))


def weights_of(result: Result) -> dict[str, str]:
    """Return the SHA-256 of the weights of each model used, by its key; "" where it has no file.

    The key of a checkpoint holds the beginning of its digest.
    """
    matching, judging = result.manifest.matching, result.manifest.judging
    found = {}
    for key in (matching.embedder, matching.distance, judging.quality):
        path = Path(row_of(key).where) if key in MODELS else None
        found[key] = ""
        if path is not None and path.is_file():
            with path.open("rb") as file:
                found[key] = file_digest(file, "sha256").hexdigest()
    return found


def stamp(root: str, created: str, key: Ed25519PrivateKey | None) -> dict[str, Any]:
    """Return the stamp of a root: when and with what, and the signature over all of that."""
    told: dict[str, Any] = {
        "created": created,
        "machine": f"{platform.system()} {platform.machine()}",
        "root": root,
        "versions": versions(),
    }
    return {**told, "signed": sealed_by(key, canonical(told))} if key else told


def _tables(result: Result, *, with_previews: bool) -> Tables:
    tables: Tables = {
        "candidates": lambda: _lists(result),
        "generated": lambda: _generated(result),
        "matches": lambda: _matches(result),
        "shares": lambda: _shares(result),
        "training": lambda: _training(result),
        "values": lambda: [_values(result)],
    }
    null = result.manifest.null
    if null is not None:
        unseen = null_table(result.training, null.key)
        tables["null"] = lambda: [_all_lists(unseen.read(_stored(unseen, "null")), "null")]
    reviews = reviews_of(result)
    if len(reviews):
        tables["reviews"] = lambda: [reviews]
    if with_previews:
        for name, images in (("training", result.training), ("generated", result.generated)):
            tables[f"previews-{name}"] = partial(_previews, images)
    return tables


def reviews_of(result: Result) -> pa.Table:
    """Return the reviews of this run as `reviews_table` does, without those of another by its name.

    A review outlives its run.
    """
    workspace, run = Workspace(result.run.folder.parent.parent), result.run.name
    own = []
    for review in list_reviews(workspace, run):
        with suppress(WorkspaceError):
            run_of(workspace, review)
            own.append(review.id)
    table = reviews_table(workspace, run)
    return table.filter(pc.is_in(table["review"], value_set=pa.array(own, pa.string())))


def _images(images: ImageSet) -> Iterator[pa.Table]:
    """Yield ABOUT of each image, and the SHA-256 of its preview, "" where it has none."""
    for batch in images.images.batches([*ABOUT, "preview"], size=PICTURES):
        table = pa.Table.from_batches([batch])
        seen = [sha256(p).hexdigest() if p else "" for p in table["preview"].to_pylist()]
        yield table.select(ABOUT).append_column("preview_sha256", pa.array(seen, pa.string()))


def _training(result: Result) -> Iterator[pa.Table]:
    """Yield the training images, with the first row of each one's cluster of near copies.

    Null where no copies were looked for.
    """
    of = read_clusters(result.training).of if has_clusters(result.training) else None
    for table in _images(result.training):
        ids = table["id"].to_numpy()
        yield table.append_column(
            "cluster", pa.nulls(len(ids), pa.int64()) if of is None else pa.array(of[ids])
        )


def _generated(result: Result) -> Iterator[pa.Table]:
    names = [name for name in SCHEMAS["generated"].names if name not in (*ABOUT, "preview_sha256")]
    numbers = result.generated_table(tuple(names))
    for table in _images(result.generated):
        some = numbers.iloc[table["id"].to_numpy()]
        for name in names:
            table = table.append_column(name, pa.array(some[name], from_pandas=False))
        yield table


def _lists(result: Result) -> Iterator[pa.Table]:
    table = result.run.table("matches")
    for batch in table.batches(_stored(table, "candidates")):
        yield _all_lists(pa.Table.from_batches([batch]), "candidates")


def _stored(table: Table, name: str) -> list[str]:
    """Return the columns of a table of evidence that a stored one has."""
    there = table.columns()
    return [column for column in SCHEMAS[name].names if column in there]


def _all_lists(lists: pa.Table, name: str) -> pa.Table:
    """Return lists with all columns of a table, empty lists where an earlier version made none."""
    for field in SCHEMAS[name]:
        if field.name not in lists.column_names:
            lists = lists.append_column(field.name, pa.array([[]] * len(lists), field.type))
    return lists


def _matches(result: Result) -> Iterator[pa.Table]:
    for frame in result.matches_batches():
        yield pa.Table.from_pandas(frame, preserve_index=False)


def _values(result: Result) -> pa.Table:
    columns = ("id", "value", "times_contributor", "times_candidate", "nearest_distance")
    table = result.values_table(columns)
    low, high = value_intervals(result)
    ids = table["id"].to_numpy()
    table = table.assign(value_low=low[ids], value_high=high[ids])
    return pa.Table.from_pandas(table, preserve_index=False)


def _shares(result: Result) -> Iterator[pa.Table]:
    for by in GROUPED:
        shares = group_shares(result, by).rename(columns={by: "group"})
        yield pa.Table.from_pandas(
            shares.assign(by=by, group=shares["group"].astype(str)), preserve_index=False
        )


def _previews(images: ImageSet) -> Iterator[pa.Table]:
    for batch in images.images.batches(["id", "preview"], size=PICTURES):
        yield pa.Table.from_batches([batch])
