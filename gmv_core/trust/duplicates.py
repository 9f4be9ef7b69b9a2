"""Near copies among training images: pairs by the index, confirmed one by one, joined to clusters.

Each image's nearest neighbours by the index give the pairs, near_copies.py confirms them, and
union–find joins them. Copies of equal bytes, or of equal pixels, are told from near ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.cluster.workers import Workers
from gmv_core.errors import WorkspaceError
from gmv_core.models.choice import reload_embedder
from gmv_core.sets.pixels import ensure_pixels, pixel_form
from gmv_core.store.columns import previews_of
from gmv_core.store.files import write_json
from gmv_core.store.tables.damage import is_sound
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.trust import near_copies
from gmv_core.trust.near_copies import SIDE_PX, Pairs
from gmv_core.trust.pairs import all_pairs
from gmv_core.types import OK, Embedder, Int64, Report, silent

READ = 2048  # members' previews read at once
RECORD = "clusters.json"
BYTES, SAME_PIXELS, NEAR = "bytes", "pixels", "near"


class ClustersRecord(msgspec.Struct, frozen=True):
    """What a set's clusters were made from, and what there is: the file clusters.json.

    extra: images that have a copy before them. exact: of these, with equal bytes or pixels.
    """

    inputs: dict[str, Any]
    clusters: int
    extra: int
    exact: int


@dataclass(frozen=True)
class Clusters:
    """The near copies of a set of n images.

    of: (n,) int64, the first row of each image's cluster, its own row where it has no copy.
    copy: (n,) of objects, BYTES, SAME_PIXELS or NEAR of an earlier member, "" for the first.
    """

    of: Int64
    copy: np.ndarray

    @property
    def sizes(self) -> Int64:
        """How many images each image's cluster has, (n,)."""
        sizes: Int64 = np.bincount(self.of, minlength=len(self.of))[self.of]
        return sizes


def find_clusters(
    workspace: Workspace,
    name: str,
    embedder: Embedder | None = None,
    *,
    report: Report = silent,
    workers: Workers | None = None,
) -> ClustersRecord:
    """Find the near copies of a finished set and keep them with it; found ones are kept.

    embedder: needed again where the set was built with one given from Python. workers: that share
    the search for pairs; None: this process does it.
    """
    with workspace.writing():
        images = workspace.image_set(name)
        built = images.manifest().embedder
        record, inputs = read_record(images), _inputs(images)
        if record is not None and record.inputs == inputs and is_sound(clusters_table(images)):
            return record
        embedder = reload_embedder(built.key, built.precision, embedder)
        (images.folder / RECORD).unlink(missing_ok=True)
        form = pixel_form(images, SIDE_PX)
        ensure_pixels(images, form, report)
        pairs = all_pairs(images, embedder, form, report, workers)
        table = _joined(images, pairs)
        clusters_table(images).write(table)
        copies = np.array(table["copy"].to_pylist(), object)
        record = ClustersRecord(
            inputs=inputs,
            clusters=len(np.unique(table["cluster"].to_numpy()[copies != ""])),
            extra=int((copies != "").sum()),
            exact=int(np.isin(copies, [BYTES, SAME_PIXELS]).sum()),
        )
        write_json(images.folder / RECORD, msgspec.to_builtins(record))
        return record


def _inputs(images: ImageSet) -> dict[str, Any]:
    """Return what decides whether clusters can be kept."""
    manifest = images.manifest()
    names = ("EMBEDDING", "PIXELS", "OF_USUAL", "LIGHT", "FEATURES")
    limits = {name.lower(): getattr(near_copies, name) for name in names}
    return {"created": manifest.created, "updated": manifest.updated,
            "embedder": manifest.embedder.key, **limits}  # fmt: skip


def _joined(images: ImageSet, pairs: Pairs) -> pa.Table:
    """Join pairs, and images of equal bytes, into the rows of the table of clusters."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    stored = images.images.read(["sha256", "status"])
    digests = stored["sha256"].combine_chunks()
    n, fine = len(stored), np.flatnonzero(pc.equal(stored["status"], OK).to_numpy())
    codes = digests.dictionary_encode().indices.to_numpy(zero_copy_only=False)[fine]
    _, first, of_bytes = np.unique(codes, return_index=True, return_inverse=True)
    a = np.concatenate([pairs.a, fine[first[of_bytes]]])
    b = np.concatenate([pairs.b, fine])
    graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    _, firsts, of = np.unique(labels, return_index=True, return_inverse=True)
    clusters = firsts[of].astype(np.int64)
    return pa.table(
        {"id": np.arange(n), "cluster": clusters, "copy": _kinds(images, clusters, digests)}
    )


def _kinds(images: ImageSet, clusters: Int64, digests: pa.Array) -> list[str]:
    """Say of each image how it is a copy of one before it in its cluster, "" where it is none."""
    kinds = np.full(len(clusters), "", object)
    members = np.flatnonzero(np.bincount(clusters, minlength=len(clusters))[clusters] > 1)
    seen: set[tuple[int, str]] = set()
    for start in range(0, len(members), READ):
        rows = members[start : start + READ]
        for row, pixels in zip(rows, previews_of(images, rows), strict=True):
            cluster = int(clusters[row])
            told = sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
            marks = [(cluster, f"b{digests[row]}"), (cluster, f"p{told}")]
            if row != cluster:
                known = [mark in seen for mark in marks]
                kinds[row] = BYTES if known[0] else SAME_PIXELS if known[1] else NEAR
            seen.update(marks)
    return list(kinds)


def clusters_digest(clusters: Int64) -> str:
    """Name clusters by what they are."""
    return sha256(clusters.tobytes()).hexdigest()[:16]


def members(images: ImageSet) -> pd.DataFrame:
    """Return the images that have near copies, a cluster after the other.

    Clusters across owners come first, then the larger ones. Columns: cluster (its first row), size,
    owners (how many, none counted as one), id, training, copy, label, owner.
    """
    found = read_clusters(images)
    rows = np.flatnonzero(found.sizes > 1)
    about = images.images.read(["name", "label", "owner"]).take(rows).to_pandas().fillna("")
    table = pd.DataFrame(
        {
            "cluster": found.of[rows],
            "size": found.sizes[rows],
            "id": rows,
            "training": about["name"],
            "copy": found.copy[rows],
            "label": about["label"],
            "owner": about["owner"],
        }
    )
    owners = table.groupby("cluster")["owner"].transform("nunique")
    table.insert(2, "owners", owners.astype(np.int64))
    order = np.lexsort((table["id"], table["cluster"], -table["size"], table["owners"] < 2))
    return table.iloc[order].reset_index(drop=True)


def clusters_table(images: ImageSet) -> Table:
    return images.table("clusters")


def read_record(images: ImageSet) -> ClustersRecord | None:
    """Return what is known of a set's near copies, None where they were never looked for."""
    try:
        return msgspec.json.decode((images.folder / RECORD).read_bytes(), type=ClustersRecord)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def has_clusters(images: ImageSet) -> bool:
    """Return whether the near copies of a set, as it is now, are known."""
    record = read_record(images)
    return record is not None and record.inputs == _inputs(images)


def read_clusters(images: ImageSet) -> Clusters:
    """Return the clusters of a set; raise WorkspaceError where they are missing or out of date.

    Also where a stored row names no image of the set: damage.
    """
    if not has_clusters(images):
        raise WorkspaceError(
            f"The near copies in {images.name!r} are not known yet; "
            f"`gmv duplicates {images.name}` finds them."
        )
    table = clusters_table(images)
    stored = table.read(["cluster", "copy"])
    of = stored["cluster"].to_numpy()
    if len(of) and not 0 <= of.min() <= of.max() < len(of):
        raise table.damaged(ValueError("it names images that there are not"))
    return Clusters(of, np.array(stored["copy"].to_pylist(), object))
