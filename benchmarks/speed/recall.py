"""Recall, memory and time of each kind of index, and of exact search as a set grows.

1,000 of CIFAR-10's training images are the queries and the rest (49,000) are searched, because the
class share of an image that lies in the index says little. Every kind is made and tuned as `build
--index` does it; the authors' parameters (IVF256, 8 bytes, one probe, no reduction, no re-scoring)
stand beside it.

    python -m benchmarks.speed.recall --workspace WORKSPACE --json
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import faiss
import numpy as np

from benchmarks.kit.datasets import BuiltSet, Queries, cifar_set, held_out, workspace_of
from benchmarks.kit.reporting import Row, finish, median_seconds, parser, print_table
from gmv_core.method.recall import (
    ExactIndex,
    add_codes,
    code_bytes,
    exact_search,
    measured_recall,
    search_codes,
    train_codes,
    tune,
)
from gmv_core.sets.index import RECALL_AT, SAMPLE_QUERIES, TRAIN_ROWS
from gmv_core.store.columns import vectors_of
from gmv_core.types import Float32, Int64

Search = Callable[[Float32], Int64]


def kinds(
    made: BuiltSet, ids: Int64, vectors: Float32, *, seed: int
) -> Iterator[tuple[str, Search, float, str]]:
    """Yield (kind, search, bytes a vector, its setting), one index at a time."""
    exact = ExactIndex(ids, vectors)
    yield "exact", lambda q: exact.search(q, RECALL_AT).ids, 4 * vectors.shape[1] + 8, ""
    rng = np.random.default_rng(seed)
    sample = vectors[np.sort(rng.permutation(len(vectors))[:TRAIN_ROWS])]
    judges = vectors[np.sort(rng.permutation(len(vectors))[:SAMPLE_QUERIES])]
    truth = exact.search(judges, RECALL_AT).ids
    table = made.training.embeddings(made.embedder.key)
    for kind in ("sq8", "pq"):
        codes = train_codes(kind, sample, vectors=len(ids))
        rows = add_codes(codes, [(ids, vectors)])
        tuned, report = tune(codes, rows, lambda wanted: vectors_of(table, wanted), kind=kind,
                             queries=judges, truth=truth)  # fmt: skip
        setting = f"{report.nprobe} probes, {report.overfetch}-fold"
        search = tuned.search
        yield kind, lambda q, s=search: s(q, RECALL_AT).ids, code_bytes(codes), setting
    authors = faiss.index_factory(vectors.shape[1], "IVF256,PQ8x8")
    authors.train(sample)
    authors.add(vectors)

    def by_codes(queries: Float32) -> Int64:
        found = search_codes(authors, queries, RECALL_AT, 1)
        return np.where(found >= 0, ids[found], -1)

    yield "authors (IVF256, PQ8)", by_codes, code_bytes(authors), "1 probe, codes alone"


def row_of(
    kind: str, search: Search, size: float, setting: str, asked: Queries, truth: Int64,
    labels: np.ndarray, runs: int,
) -> Row:  # fmt: skip
    """Judge one index."""
    found = search(asked.vectors)
    first = found[:, :10]
    hits = (labels[first] == asked.labels[:, None]) & (first >= 0)
    batch, single = asked.vectors[:100], asked.vectors[:1]
    return {
        "index": kind, "setting": setting,
        "recall_at_100": round(measured_recall(found, truth), 4),
        "recall_at_10": round(measured_recall(first, truth[:, :10]), 4),
        "class share k=10 %": round(100 * float(hits.mean()), 1),
        "bytes a vector": float(size),
        "ms a query (of 100)": round(10 * median_seconds(lambda: search(batch), runs), 2),
        "ms a query (alone)": round(1000 * median_seconds(lambda: search(single), 3 * runs), 2),
    }  # fmt: skip


def growth(sizes: list[int], *, seed: int, runs: int) -> list[Row]:
    """Time exact search on random unit vectors of 624 dimensions."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    vectors = rng.standard_normal((max(sizes), 624), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for n in sizes:
        blocks = [(np.arange(n), vectors[:n])]
        batch = median_seconds(lambda b=blocks: exact_search(vectors[:100], b, k=100), runs)
        alone = median_seconds(lambda b=blocks: exact_search(vectors[:1], b, k=100), runs)
        rows.append({"vectors": n, "memory MB": round(n * 624 * 4 / 1e6),
                     "ms a query (of 100)": round(10 * batch, 2),
                     "ms a query (alone)": round(1000 * alone, 1)})  # fmt: skip
    return rows


def main() -> None:
    """Measure, print the tables and the figures."""
    options = parser(__doc__ or "").parse_args()
    runs = 1 if options.quick else 3
    with workspace_of(options) as workspace:
        made = cifar_set(options, workspace, 2000 if options.quick else 50_000)
        asked = held_out(made, 100 if options.quick else 1000, seed=options.seed)
        ids = np.setdiff1d(np.arange(len(made.vectors)), asked.rows)
        vectors = made.vectors[ids]
        truth = exact_search(asked.vectors, [(ids, vectors)], k=RECALL_AT).ids
        rows = [
            row_of(*index, asked, truth, made.labels, runs)
            for index in kinds(made, ids, vectors, seed=options.seed)
        ]
    print_table("Indexes (target: recall_at_100 ≥ 0.99)", rows)
    sizes = [5000, 10_000] if options.quick else [50_000, 100_000, 200_000, 400_000]
    larger = growth(sizes, seed=options.seed, runs=runs)
    print_table("Exact search as the set grows (random vectors)", larger)
    finish(options, "recall", {"rows": rows, "exact": larger})


if __name__ == "__main__":
    main()
