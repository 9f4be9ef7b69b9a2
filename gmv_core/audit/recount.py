"""What follows from what in an archive of evidence: counted again from its candidate lists.

Credit follows from distances, quality and settings by the one formula (method/value.py), values
from credit, shares from values. Nothing here needs a workspace, a model or the network.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from gmv_core.audit.archive import Altered, Archive, parsed
from gmv_core.audit.evidence import FORMAT
from gmv_core.errors import GMVError
from gmv_core.matching.lists import gathered
from gmv_core.matching.matcher import Matches
from gmv_core.method.value import Basis, HandedOut, Values, add_values, hand_out, no_values
from gmv_core.method.value import shared_within as shared
from gmv_core.settings import CLUSTER, CONVINCING, ValueSettings
from gmv_core.store.manifests import RunManifest
from gmv_core.trust.credit import QUANTILE
from gmv_core.types import Float64, Int64

MOST_TABLE_BYTES = 4 << 30
TOLERANCE = 1e-9  # of sums that were added up in another order
LISTS = ("candidates", "recall_rank", "recall_distance", "distance")
MATCHED = ("rank", "recall_rank", "distance", "weight", "value")
NUMBERED = ("times_contributor", "times_candidate")


@dataclass(frozen=True)
class Told:
    """What an archive says was done. run: its manifest. reach: up to which a match convinces."""

    run: RunManifest
    reach: float | None
    document: dict[str, Any]

    @property
    def settings(self) -> ValueSettings:
        return self.run.value


def told(archive: Archive) -> Told:
    """Return the file evidence.json; raise Altered where it holds what cannot be."""
    document = parsed(archive.read("evidence.json"), "evidence.json")
    if document.get("format") != FORMAT:
        raise Altered(f"It is of format {document.get('format')!r}; this version reads {FORMAT}.")
    try:
        run = msgspec.convert(document["run"], RunManifest)
        reach = msgspec.convert(document["reach"], float | None)
    except (KeyError, msgspec.ValidationError, GMVError) as error:
        raise Altered(f"evidence.json holds what cannot be ({error}).") from error
    return Told(run, reach, document)


def read(archive: Archive, name: str) -> pa.Table:
    """Return a table of the archive; raise Altered where it has none that can be read."""
    parts = list(batches(archive, name))
    if not parts:
        raise Altered(f"It holds no table {name}.")
    try:
        return pa.concat_tables(parts)
    except pa.ArrowException as error:
        raise Altered(f"The files of its table {name} do not fit together.") from error


def batches(archive: Archive, name: str) -> Iterator[pa.Table]:
    """Yield the files of a table."""
    from pyarrow import parquet as pq

    for data in archive.batches(name):
        try:
            file = pq.ParquetFile(io.BytesIO(data))
            groups = range(file.metadata.num_row_groups)
            size = sum(file.metadata.row_group(i).total_byte_size for i in groups)
            if size > MOST_TABLE_BYTES:
                raise Altered(f"A file of its table {name} unpacks to {size:,} bytes.")
            yield file.read()
        except (pa.ArrowException, OSError) as error:
            raise Altered(f"A file of its table {name} is no Parquet ({error}).") from error


def lists_of(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of lists of one length as an (n, d) array; else raise Altered."""
    import pyarrow.compute as pc

    lists = column.combine_chunks()
    lengths = pc.unique(pc.list_value_length(lists)).to_pylist()
    if len(lengths) > 1 or None in lengths:
        raise Altered("The lists of a table are not of one length.")
    flat: np.ndarray = pc.list_flatten(lists).to_numpy(zero_copy_only=False)
    return flat.reshape(len(lists), lengths[0] if lengths else 0)


@dataclass(frozen=True)
class Counted:
    """What an archive comes to, counted again. n training images, m generated ones.

    values: of every training row. unattributed, quality: (m,). matches: names, MATCHED.
    """

    values: Values
    unattributed: Float64
    quality: Float64
    matches: pd.DataFrame


def count_again(archive: Archive, said: Told, training: pa.Table, generated: pa.Table) -> Counted:
    """Hand the qualities out again; raise Altered where lists name rows that are not there."""
    n, quality = len(training), generated["quality"].to_numpy().astype(float)
    _numbered(training, "training")
    _numbered(generated, "generated")
    values, basis = no_values(n), _basis(said, training)
    names = [np.array(t["name"].to_pylist(), object) for t in (generated, training)]
    parts, left, done = list[pd.DataFrame](), np.zeros(len(generated)), 0
    for table in batches(archive, "candidates"):
        rows, lists = table["id"].to_numpy(), _lists(table, n)
        if len(lists.candidates) and not np.array_equal(rows, np.arange(done, done + len(rows))):
            raise Altered("The candidate lists are not those of its generated images, in order.")
        lists, done = gathered(lists, basis.clusters), done + len(rows)
        handed = hand_out(lists.candidates, lists.distance, quality[rows], said.settings, basis)
        values = add_values(values, lists.candidates, handed)
        left[rows] = handed.unattributed
        parts.append(_matches(rows, lists, handed, *names))
    if done != len(generated):
        raise Altered(f"It holds candidate lists of {done} of its {len(generated)} images.")
    counted = quality if said.settings.quality_weighting else np.ones(len(quality))
    return Counted(shared(values, basis), left, np.nan_to_num(counted), pd.concat(parts))


def _numbered(table: pa.Table, name: str) -> None:
    if not np.array_equal(table["id"].to_numpy(), np.arange(len(table))):
        raise Altered(f"The rows of its table {name} are not numbered in order.")


def _lists(table: pa.Table, n: int) -> Matches:
    lists = {name: lists_of(table[name]) for name in LISTS}
    candidates, distance = lists["candidates"], lists["distance"]
    if candidates.max(initial=-1) >= n or candidates.min(initial=-1) < -1:
        raise Altered("A candidate list names a training image that is not there.")
    exact = int(np.min(table["exact"].to_numpy(), initial=candidates.shape[1]))
    measured = distance[:, : max(exact, 0)]  # behind them are estimates
    if np.isnan(distance).any() or (measured[:, 1:] < measured[:, :-1]).any():
        raise Altered("The distances of a candidate list do not rise.")
    return Matches(**lists, exact=exact)


def _basis(said: Told, training: pa.Table) -> Basis:
    reach = np.inf if said.reach is None else said.reach
    if said.settings.duplicates != CLUSTER:
        return Basis(reach)
    clusters = training["cluster"].to_numpy().astype(np.int64)
    if len(clusters) and not (0 <= clusters.min() and clusters.max() < len(clusters)):
        raise Altered("A cluster names a training image that is not there.")
    return Basis(reach, clusters, np.bincount(clusters, minlength=len(clusters))[clusters])


def _matches(
    rows: Int64, lists: Matches, handed: HandedOut, generated: np.ndarray, training: np.ndarray
) -> pd.DataFrame:
    j, i = np.nonzero(handed.contributors >= 0)
    return pd.DataFrame(
        {
            "generated": generated[rows[j]],
            "training": training[handed.contributors[j, i]],
            "rank": i + 1,
            "recall_rank": lists.recall_rank[j, i],
            "distance": lists.distance[j, i],
            "weight": handed.weights[j, i],
            "value": handed.credit[j, i],
        }
    )


def differing(counted: Counted, archive: Archive, generated: pa.Table) -> list[str]:
    """Return in sentences where credit and values are not what follows from the lists."""
    said = []
    stored = read(archive, "matches").to_pandas()
    for column in ("generated", "training", *MATCHED):
        if column not in stored or not _same(stored[column], counted.matches[column]):
            said.append(f"The {column} of its matches is not what follows from the lists.")
    values = read(archive, "values").to_pandas()
    ids = values["id"].to_numpy(np.int64)
    if len(ids) and (ids.min() < 0 or ids.max() >= len(counted.values.value)):
        return [*said, "Its values name a training image that is not there."]
    for column in ("value", *NUMBERED):
        if not _same(values[column], getattr(counted.values, column)[ids]):
            said.append(f"The {column} of its values is not what follows from the matches.")
    if abs(counted.values.value.sum() - values["value"].sum()) > TOLERANCE * max(len(ids), 1):
        said.append("Training images that its values leave out have value, too.")
    if not _same(generated["unattributed"].to_numpy(), counted.unattributed):
        said.append("What stays unattributed is not what follows from the lists.")
    total = counted.values.value.sum() + counted.unattributed.sum() - counted.quality.sum()
    if abs(total) > TOLERANCE * max(len(counted.quality), 1):
        said.append("Σφ + unattributed is not Σq.")
    return said


def shares_differing(archive: Archive, training: pa.Table) -> list[str]:
    """Return in sentences where the shares are not what follows from the values."""
    values = read(archive, "values").to_pandas()
    shares = read(archive, "shares").to_pandas()
    rows = training.take(pa.array(values["id"]))
    said = []
    for by in ("label", "owner"):
        groups = pd.Series(rows[by].to_pylist(), dtype=object).fillna("").astype(str)
        value = values["value"].groupby(groups.to_numpy()).sum()
        stored = shares[shares["by"] == by].set_index("group")
        if set(stored.index) != set(value.index) or not stored.index.is_unique:
            said.append(f"Its shares by {by} are of other {by}s than its values.")
            continue
        value, total = value.reindex(stored.index), max(float(values["value"].sum()), 0)
        images = groups.value_counts().reindex(stored.index)
        if not (_same(stored["value"], value) and _same(stored["images"], images)):
            said.append(f"The value by {by} is not the sum of its images' values.")
        if total > 0 and not _same(stored["share_of_value"], value / total):
            said.append(f"The share of value by {by} is not what follows from the values.")
    return said


def reach_differing(archive: Archive, said: Told) -> list[str]:
    """Return in a sentence whether the reach of convincing matches is not that of the null."""
    if said.run.null is None:
        return ["It needs a null and has none."] if said.settings.credit == CONVINCING else []
    first = lists_of(read(archive, "null")["distance"])[:, 0]
    first = first[np.isfinite(first)]
    reach = float(np.quantile(first, QUANTILE)) if len(first) else None
    if (reach is None) == (said.reach is None) and np.isclose(reach or 0, said.reach or 0):
        return []
    return [f"The reach of convincing matches is {said.reach}, and {reach} by its null."]


def _same(stored: object, counted: object) -> bool:
    a, b = np.asarray(stored), np.asarray(counted)
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "OUT" or b.dtype.kind in "OUT":
        return list(a) == list(b)
    same: bool = np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    return same
