"""An inverted file with product quantization whose codes stay on the disk, or an object store.

It is Lance's own IVF-PQ on a table of its own: the row and vector of each image that is not
rejected. In the set's table rejected and removed images have zeros, which lie nearer to a unit
vector than most images do, and would fill the lists of candidates. A search reads the partitions
that it probes and keeps at most CACHE_BYTES of them; stored vectors re-score what they choose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from gmv_core.cluster.workers import Workers
from gmv_core.errors import WorkspaceError
from gmv_core.method.recall import (
    MIN_ON_DISK,
    TARGET_RECALL,
    Fetch,
    IndexReport,
    Neighbours,
    cheapest,
    rescore,
)
from gmv_core.store.columns import fixed, vector_blocks, vectors_of
from gmv_core.store.remote.objects import Place
from gmv_core.store.tables.digests import DIGEST, with_digests
from gmv_core.store.tables.table import FILE_ROWS, Table
from gmv_core.types import Float32, Int64

VECTORS, NAME = "vectors.lance", "vector_idx"
CODE_BYTES, ID_BYTES, CENTROIDS = 64, 8, 256  # of each byte of a code
PARTITION_ROWS = 8192  # Lance's own choice: one read of 600 kB
MOST_PARTITIONS = 16_384  # longer ones beyond 134 million vectors, so that training stays bounded
TRAINED_WITH = 256  # vectors a partition, and a centroid of a code, as Lance's own …
TRAIN_ROWS = 1_000_000  # … but no more for all partitions: 1.3 GB of 624 numbers
FRAGMENTS_AT_ONCE = 20  # coded by one worker: files of FILE_ROWS
BLOCK_ROWS = 16_384  # of one commit of the copy
DELETED_AT_ONCE = 10_000
CACHE_BYTES, METADATA_BYTES = 256_000_000, 32_000_000
QUERIES = 64  # searched at once


@dataclass(frozen=True)
class DiskIndex:
    """Codes on the disk choose and stored vectors decide. dataset: of Lance; rows: it has."""

    dataset: Any
    rows: int
    fetch: Fetch
    nprobe: int
    overfetch: int

    def __len__(self) -> int:
        return self.rows

    def search(self, queries: Float32, k: int) -> Neighbours:
        found = [
            self._chosen(queries[start : start + QUERIES], min(k * self.overfetch, self.rows))
            for start in range(0, len(queries), QUERIES)
        ]
        rows = np.concatenate([np.empty((0, 0), np.int64)] if not found else found)
        return rescore(queries, rows, self.fetch, k=k)

    def _chosen(self, queries: Float32, wanted: int) -> Int64:
        """Return the ids (m, wanted) that the codes choose, −1 where the probed lists ran out."""
        probed = {"minimum_nprobes": self.nprobe, "maximum_nprobes": self.nprobe}
        width = self.dataset.schema.field("vector").type.list_size
        asked = _padded(queries, width)
        table = self.dataset.to_table(
            columns=["id", "_distance"],
            nearest={"column": "vector", "q": asked, "k": wanted, **probed},
        )
        query, ids = table["query_index"].to_numpy(), table["id"].to_numpy()
        order = np.argsort(query, kind="stable")
        query = query[order]
        place = np.arange(len(query)) - np.searchsorted(query, query)
        chosen = np.full((len(queries), wanted), -1, np.int64)
        chosen[query, place] = ids[order]
        return chosen


def open_disk(folder: Place, embeddings: Table, *, nprobe: int, overfetch: int) -> DiskIndex:
    """Return the index of an index folder. Raises WorkspaceError where there is none."""
    dataset = Table(folder / VECTORS).open(
        index_cache_size_bytes=CACHE_BYTES, metadata_cache_size_bytes=METADATA_BYTES
    )
    if dataset is None or not dataset.list_indices():
        raise WorkspaceError(f"The index in {folder} is missing; give the same build again.")
    return DiskIndex(
        dataset, dataset.count_rows(), lambda rows: vectors_of(embeddings, rows), nprobe, overfetch
    )


def drop_disk(folder: Place) -> None:
    """Delete the index of an index folder, if there is one."""
    table = Table(folder / VECTORS)
    if table.path.exists():
        table.drop()


def build_disk(
    folder: Place,
    embeddings: Table,
    *,
    queries: Float32,
    truth: Int64,
    workers: Workers | None = None,
) -> IndexReport:
    """Bring the index of an index folder to what the embeddings hold; return what is told of it.

    What was added goes into the partitions that are there, what was removed leaves them; they are
    trained anew where they find too little, or are damaged. Killed, the same call goes on.
    queries: (s, d) of its images; truth: (s, R), by exact search. workers: that share the coding.
    """
    table = Table(folder / VECTORS)

    def judged() -> IndexReport:
        return _judged(folder, embeddings, queries, truth)

    try:
        _copy(embeddings, table)
        if _is_extended(table):
            report = judged()
            if report.recall >= TARGET_RECALL or report.vectors < MIN_ON_DISK:
                return report
    except (WorkspaceError, OSError, ValueError, RuntimeError, pa.ArrowException):
        drop_disk(folder)  # which fails, too, where nobody may write there
        _copy(embeddings, table)
    _train(table, workers)
    return judged()


def _copy(embeddings: Table, table: Table) -> None:
    """Bring a table to the ids and vectors of the images that are not rejected.

    Vectors have zeros behind them, so that a code's bytes stand for equally many numbers.
    """
    ids, digests = np.empty(0, np.int64), np.empty(0, np.int64)
    if table.exists():
        stored = table.read(["id", DIGEST])
        ids, digests = stored["id"].to_numpy(), stored[DIGEST].to_numpy()
    wanted = [np.empty(0, np.int64)]
    for block, vectors in vector_blocks(embeddings, BLOCK_ROWS):
        halves = _padded(vectors, _width(vectors.shape[1])).astype(np.float16)
        rows = with_digests(pa.table({"id": pa.array(block), "vector": fixed(halves)}))
        behind = block > (ids[-1] if len(ids) else -1)
        place = np.minimum(np.searchsorted(ids, block[~behind]), max(0, len(ids) - 1))
        old = rows[DIGEST].to_numpy()[~behind]
        if (ids[place] != block[~behind]).any() or (digests[place] != old).any():
            table.drop()  # these are other vectors
            return _copy(embeddings, table)
        if behind.any():
            table.append(rows.filter(pa.array(behind)))
        wanted.append(block)
    _delete(table, np.setdiff1d(ids, np.concatenate(wanted), assume_unique=True))


def _delete(table: Table, gone: Int64) -> None:
    """Take rows out of a table, its codes and the disk."""
    dataset = table.open()
    if dataset is None or not len(gone):
        return
    table.confirm()
    for start in range(0, len(gone), DELETED_AT_ONCE):
        dataset.delete(f"id IN ({', '.join(map(str, gone[start : start + DELETED_AT_ONCE]))})")
    dataset.optimize.compact_files(
        target_rows_per_fragment=FILE_ROWS, materialize_deletions_threshold=0.0, num_threads=1
    )
    table.forget_versions()


def _is_extended(table: Table) -> bool:
    """Put rows that have no code into the partitions that are there, if there are any."""
    dataset = table.open()
    if dataset is None or not dataset.list_indices():
        return False
    table.confirm()
    parts = len(dataset.describe_indices()[0].segments)
    dataset.optimize.optimize_indices(num_indices_to_merge=parts)  # else some stay apart
    table.forget_versions()
    return True


def _train(table: Table, workers: Workers | None) -> None:
    """Train partitions and codes on a sample of the rows, and give each row its code.

    workers: that share the coding; None: this process does it.
    """
    from lance.indices import IndicesBuilder

    table.tidy()
    dataset = table.open()
    assert dataset is not None  # noqa: S101  (it was just filled)
    table.confirm()
    n, width = dataset.count_rows(), dataset.schema.field("vector").type.list_size
    parts = min(max(1, n // PARTITION_ROWS), MOST_PARTITIONS)
    builder = IndicesBuilder(dataset, "vector")
    ivf = builder.train_ivf(parts, sample_rate=min(TRAINED_WITH, TRAIN_ROWS // parts))
    pq = builder.train_pq(
        ivf, min(CODE_BYTES, width), sample_rate=min(TRAINED_WITH, n // CENTROIDS)
    )
    load = partial(_opened, table, ivf.centroids, pq.codebook, min(CODE_BYTES, width))
    fragments = [fragment.fragment_id for fragment in dataset.get_fragments()]
    items = [
        fragments[start : start + FRAGMENTS_AT_ONCE]
        for start in range(0, len(fragments), FRAGMENTS_AT_ONCE)
    ]
    if workers is None:
        coded = list(map(partial(_coded, load()), items))
    else:
        coded = list(workers.in_order(load, _coded, items))
    whole = dataset.merge_existing_index_segments(coded)
    table.confirm()
    dataset.commit_existing_index_segments(NAME, "vector", [whole])
    table.forget_versions()


def _opened(
    table: Table, centroids: pa.Array, codebook: pa.Array, code_bytes: int
) -> tuple[Any, dict[str, Any]]:
    """Return an opened table, and how its rows are coded."""
    trained = {"num_partitions": len(centroids), "ivf_centroids": centroids,
               "num_sub_vectors": code_bytes, "pq_codebook": codebook}  # fmt: skip
    return table.open(), trained


def _coded(held: tuple[Any, dict[str, Any]], fragments: list[int]) -> Any:  # noqa: ANN401
    """Write the codes of some files of a table; return what Lance tells of them."""
    dataset, trained = held
    return dataset.create_index_uncommitted(
        "vector", "IVF_PQ", name=NAME, metric="L2", fragment_ids=fragments, **trained
    )


def _judged(folder: Place, embeddings: Table, queries: Float32, truth: Int64) -> IndexReport:
    index = open_disk(folder, embeddings, nprobe=1, overfetch=1)
    chosen, recall = cheapest(
        lambda nprobe, overfetch: replace(index, nprobe=nprobe, overfetch=overfetch),
        lists=2 * (1 + len(index) // PARTITION_ROWS),  # Lance splits and joins them; at most
        queries=queries, truth=truth,
    )  # fmt: skip
    size = float(min(CODE_BYTES, queries.shape[1]) + ID_BYTES)
    return IndexReport(
        "disk", len(index), size, recall, truth.shape[1], chosen.nprobe, chosen.overfetch,
        len(queries),
    )  # fmt: skip


def _width(numbers: int) -> int:
    """Return the length of a stored vector: a multiple of the bytes of its code."""
    return -(-numbers // CODE_BYTES) * CODE_BYTES if numbers > CODE_BYTES else numbers


def _padded(vectors: Float32, width: int) -> Float32:
    return np.pad(vectors, ((0, 0), (0, width - vectors.shape[1])))
