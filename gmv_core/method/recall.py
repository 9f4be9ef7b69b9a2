"""Recall: the R nearest training embeddings of each generated image.

Distances are Euclidean between unit vectors. Up to EXACT_LIMIT vectors are searched exactly
(a choice that benchmarks/speed/recall.py tests); more go through an inverted file with scalar or
product quantization (Jégou et al., PAMI 2011), over-fetched and re-scored with the stored vectors;
one whose codes would not fit the memory stays on the disk (sets/making/disk_index.py).
Such an index is tuned and judged against exact search on a sample of training images, and says its
recall.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from gmv_core.errors import SettingsError
from gmv_core.types import Float32, Int64

EXACT_LIMIT = 200_000  # a choice: 500 MB of vectors; benchmarks/speed/recall.py times it
SQ8_LIMIT = 5_000_000  # a choice: 1.3 GB of codes at 256 bytes; beyond it 64 bytes a vector
PQ_BYTES = 80  # a code, its id there, and the row of the set
MEMORY_SHARE = 0.5  # of the machine that codes may fill, a choice; beyond it they stay on the disk
TARGET_RECALL = 0.99
RESCORED = 1 << 22  # numbers of candidates' vectors at once: 16 MB
MIN_TRAINED = 256  # product quantization has 256 centroids a byte and needs as many vectors
MIN_ON_DISK = 512  # Lance wants two vectors a centroid

Blocks = Iterable[tuple[Int64, Float32]]  # (row ids (b,), vectors (b, d))
Fetch = Callable[[Int64], Float32]  # row ids (c,) → vectors (c, d)


@dataclass(frozen=True)
class Neighbours:
    """ids (m, R) int64, nearest first, −1 where there are fewer; distances (m, R), inf there."""

    ids: Int64
    distances: Float32


class Index(Protocol):
    """What finds the k nearest images of a set; its length is the number of images that it has."""

    def __len__(self) -> int: ...

    def search(self, queries: Float32, k: int) -> Neighbours: ...


T = TypeVar("T", bound=Index)


@dataclass(frozen=True)
class IndexReport:
    """What is told about an index. recall: share of the true R nearest that it finds."""

    kind: str
    vectors: int
    bytes_per_vector: float
    recall: float
    recall_at: int
    nprobe: int
    overfetch: int
    queries: int


def choose_kind(kind: str, vectors: int, memory_bytes: float = float("inf")) -> str:
    """Return the index that is built: "auto" is exact, "sq8", "pq", then "disk" as n grows.

    memory_bytes: of this machine.
    """
    if kind == "auto":
        kind = "exact" if vectors <= EXACT_LIMIT else "sq8" if vectors <= SQ8_LIMIT else "pq"
        if kind == "pq" and vectors * PQ_BYTES > MEMORY_SHARE * memory_bytes:
            kind = "disk"
    least = MIN_ON_DISK if kind == "disk" else MIN_TRAINED
    if kind != "exact" and vectors < least:
        raise SettingsError(
            f"A quantized index needs at least {least} images and this set has {vectors}; "
            "use --index exact."
        )
    return kind


def exact_search(queries: Float32, blocks: Blocks, *, k: int) -> Neighbours:
    """Search without an index, in the memory of one block.

    queries: (m, d) float32. Ties go to the smaller id.
    """
    import faiss

    best_d = np.full((len(queries), k), np.inf, np.float32)
    best_i = np.full((len(queries), k), -1, np.int64)
    for ids, vectors in blocks:
        if not len(ids):
            continue
        found_d, found = faiss.knn(queries, vectors, min(k, len(ids)))
        d = np.concatenate([best_d, found_d], axis=1)
        i = np.concatenate([best_i, ids[found]], axis=1)
        keep = np.argsort(d, axis=1, kind="stable")[:, :k]
        best_d = np.take_along_axis(d, keep, 1)
        best_i = np.take_along_axis(i, keep, 1)
    return Neighbours(best_i, np.sqrt(np.maximum(best_d, 0)))


@dataclass(frozen=True)
class ExactIndex:
    """All vectors in memory. ids: (n,) int64, the row of each vector."""

    ids: Int64
    vectors: Float32

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, queries: Float32, k: int) -> Neighbours:
        return exact_search(queries, [(self.ids, self.vectors)], k=k)


@dataclass(frozen=True)
class QuantizedIndex:
    """A FAISS index whose codes choose and whose stored vectors decide."""

    index: Any
    ids: Int64
    fetch: Fetch
    nprobe: int
    overfetch: int

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, queries: Float32, k: int) -> Neighbours:
        wanted = min(k * self.overfetch, len(self.ids))
        found = search_codes(self.index, queries, wanted, self.nprobe)
        rows = np.where(found >= 0, self.ids[found], -1)
        return rescore(queries, rows, self.fetch, k=k)


def search_codes(index: Any, queries: Float32, wanted: int, nprobe: int) -> Int64:  # noqa: ANN401
    """Return positions (m, wanted) from the codes alone, −1 where the probed lists ran out."""
    import faiss

    ivf = faiss.extract_index_ivf(index)
    ivf.nprobe = nprobe
    found: Int64 = index.search(queries, wanted)[1]
    return found


def rescore(queries: Float32, rows: Int64, fetch: Fetch, *, k: int) -> Neighbours:
    """Order candidates by their exact distance and keep k. rows: (m, c), −1 for none."""
    unique = np.unique(rows[rows >= 0])
    vectors = fetch(unique)
    # Rising ids: the stable sort gives ties to the smaller id. What stands twice counts once.
    rows = np.sort(rows, axis=1)
    none = (rows < 0) | np.pad(rows[:, 1:] == rows[:, :-1], ((0, 0), (1, 0)))
    ids = np.full((len(rows), k), -1, np.int64)
    distances = np.full((len(rows), k), np.inf, np.float32)
    kept = min(k, rows.shape[1])
    step = max(1, RESCORED // max(1, rows.shape[1] * queries.shape[1]))
    for start in range(0, len(rows) * bool(len(unique)), step):
        some = slice(start, start + step)
        at = np.searchsorted(unique, rows[some]).clip(max=len(unique) - 1)
        d = np.linalg.norm(vectors[at] - queries[some, None], axis=2)
        d[none[some]] = np.inf
        order = np.argsort(d, axis=1, kind="stable")[:, :kept]
        distances[some, :kept] = np.take_along_axis(d, order, 1)
        ids[some, :kept] = np.take_along_axis(rows[some], order, 1)
    ids[np.isinf(distances)] = -1
    return Neighbours(ids, distances)


def train_codes(kind: str, sample: Float32, *, vectors: int) -> Any:  # noqa: ANN401
    """Return an empty inverted file, trained on a sample (s, d) of so many vectors.

    kind: "sq8" (one byte a dimension) or "pq" (the paper's product quantization, 64 bytes).
    """
    import faiss

    d = sample.shape[1]
    reduced = min(256, d, len(sample)) // 64 * 64 or min(d, len(sample))
    lists = int(max(1, min(4 * vectors**0.5, len(sample) / 39)))
    # "np": without polysemous training, which takes most of the time and is never searched with.
    code = "SQ8" if kind == "sq8" else f"PQ{min(64, reduced)}x8np"
    index = faiss.index_factory(d, f"PCA{reduced},IVF{lists},{code}")
    ivf = faiss.extract_index_ivf(index)
    ivf.cp.min_points_per_centroid = 1
    index.train(sample)
    return index


def add_codes(index: Any, blocks: Blocks) -> Int64:  # noqa: ANN401
    """Fill a trained inverted file block by block; return the row id of each position."""
    rows = [np.empty(0, np.int64)]
    for ids, block in blocks:
        index.add(block)
        rows.append(ids)
    return np.concatenate(rows)


def take_out(index: Any, gone: Int64) -> None:  # noqa: ANN401
    """Take vectors out of an inverted file; those behind them move up.

    gone: their positions, rising.
    """
    import faiss

    index.remove_ids(gone)
    lists: Any = faiss.extract_index_ivf(index).invlists
    for number in range(lists.nlist):
        size = lists.list_size(number)
        if size:
            positions = faiss.rev_swig_ptr(lists.get_ids(number), size)
            positions -= np.searchsorted(gone, positions)


def code_bytes(index: Any) -> float:  # noqa: ANN401
    """Return the bytes that the index keeps in memory for one vector, its id included."""
    import faiss

    return float(faiss.extract_index_ivf(index).code_size + 8)


def measured_recall(found: Int64, truth: Int64) -> float:
    """Return the mean share of the true neighbours (m, R) that are among the found ones."""
    shares = [
        len(np.intersect1d(f[f >= 0], t[t >= 0])) / max(1, int((t >= 0).sum()))
        for f, t in zip(found, truth, strict=True)
    ]
    return float(np.mean(shares)) if shares else 1.0


def tune(
    index: Any,  # noqa: ANN401
    ids: Int64,
    fetch: Fetch,
    *,
    kind: str,
    queries: Float32,
    truth: Int64,
) -> tuple[QuantizedIndex, IndexReport]:
    """Return codes with the settings of `cheapest`, and what is told about them."""
    import faiss

    chosen, recall = cheapest(
        lambda nprobe, overfetch: QuantizedIndex(index, ids, fetch, nprobe, overfetch),
        lists=faiss.extract_index_ivf(index).nlist, queries=queries, truth=truth,
    )  # fmt: skip
    report = IndexReport(
        kind, len(ids), code_bytes(index), recall, truth.shape[1], chosen.nprobe, chosen.overfetch,
        len(queries),
    )  # fmt: skip
    return chosen, report


def cheapest(
    made: Callable[[int, int], T], *, lists: int, queries: Float32, truth: Int64
) -> tuple[T, float]:
    """Return the cheapest index that finds TARGET_RECALL of the true neighbours, and its recall.

    made: (probes, over-fetch) → index. queries: (s, d) training images drawn at random; truth:
    (s, R), by exact search. Where nothing reaches the target it is the one that finds most.
    """
    r = truth.shape[1]
    doubling = [8 << i for i in range(12) if 8 << i < lists] + [lists]
    best: tuple[T, float] | None = None
    for overfetch, nprobe in ((o, p) for o in (2, 4, 8) for p in doubling):
        candidate = made(nprobe, overfetch)
        recall = measured_recall(candidate.search(queries, r).ids, truth)
        if best is None or recall > best[1]:
            best = candidate, recall
        if recall >= TARGET_RECALL:
            break
    assert best is not None  # noqa: S101  (there is at least one list)
    return best
