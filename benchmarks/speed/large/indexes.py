"""Each kind of index on a large set: time and memory of building and searching it, and recall.

The sets are those of `benchmarks.speed.large.scale`, in a copy of its workspace: the index is built
anew. Asked are 256 of its generated images. Building and searching are processes of their own, so
that the largest memory of each is its own; beside it stands what Python and the libraries take
alone.

    python -m benchmarks.speed.large.indexes --workspace COPY --json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from benchmarks.kit.alone import run_alone
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.speed.large.scale import DIM, run_of, set_of
from gmv_core import IndexSettings, Workspace
from gmv_core.method.recall import exact_search, measured_recall
from gmv_core.sets.index import RECALL_AT, build_index, load_index
from gmv_core.sets.making.disk_index import drop_disk
from gmv_core.sets.provenance import peak_memory_mb
from gmv_core.store.columns import vector_blocks, vectors_of
from gmv_core.store.manifests import IndexEntry
from gmv_core.types import Float32

KINDS = ("exact", "sq8", "pq", "disk")
EMBEDDER, QUERIES = "projection", 256
STEPS = BUILD, SEARCH, NOTHING = "build", "search", "nothing"
QUICK = (3_000,)  # the larger of what benchmarks.speed.large.scale --quick makes


def asked(workspace: Workspace, rows: int) -> Float32:
    """Return the vectors of some generated images, (QUERIES, DIM)."""
    made = workspace.image_set(f"{run_of(rows)}-generated")
    return vectors_of(made.embeddings(EMBEDDER), np.arange(QUERIES))


def step_of(workspace: Workspace, step: str, kind: str, rows: int, told: Path) -> Row:
    """Do one step in this process; return what it tells."""
    target = workspace.image_set(set_of(rows))
    if step == BUILD:
        drop_disk(target.index_folder(EMBEDDER))  # or it would only be extended
        entry = build_index(target, EMBEDDER, IndexSettings(kind))
        (told / f"{kind}-{rows}.json").write_bytes(json.dumps(
            {name: getattr(entry, name) for name in entry.__struct_fields__}).encode())  # fmt: skip
        return {"probes": entry.nprobe, "over-fetch": entry.overfetch, "stated recall":
                round(entry.recall, 4), "bytes a vector": entry.bytes_per_vector}  # fmt: skip
    import faiss  # noqa: F401  (as every search loads it)
    import lance  # noqa: F401

    queries = asked(workspace, rows)
    if step == NOTHING:
        return {}
    entry = IndexEntry(**json.loads((told / f"{kind}-{rows}.json").read_text()))
    index = load_index(target, EMBEDDER, entry)
    loaded = peak_memory_mb()
    times = []
    for start in range(0, QUERIES, 64):
        started = time.perf_counter()
        index.search(queries[start : start + 64], RECALL_AT)
        times.append((time.perf_counter() - started) / 64)
    started = time.process_time()
    found = index.search(queries, RECALL_AT).ids
    used = (time.process_time() - started) / QUERIES
    truth = np.load(told / f"truth-{rows}.npy")
    return {
        "recall@100": round(measured_recall(found, truth), 4),
        "ms a query": round(1000 * float(np.median(times)), 2),
        "first": round(1000 * times[0], 2),
        "processor ms": round(1000 * used, 2),
        "MB loaded": round(loaded),
    }


def alone(options: argparse.Namespace, step: str, kind: str, rows: int) -> Row:
    """Do a step in a process of its own."""
    output, took = run_alone(
        "benchmarks.speed.large.indexes",
        ["--step", step, "--kinds", kind, "--sizes", str(rows),
         "--workspace", str(options.workspace.absolute())],
    )  # fmt: skip
    row = {"s": took["seconds"], "processor s": took["processor s"], "peak MB": took["peak MB"]}
    told = json.loads(output.splitlines()[-1])
    return {**{f"{step} {name}": value for name, value in row.items()}, **told}


def main() -> None:
    """Build and search each kind at each size, print the table and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    made.add_argument("--kinds", choices=KINDS, nargs="+", default=list(KINDS))
    made.add_argument("--step", choices=STEPS, help="do one step here, and print what it tells")
    options = made.parse_args()
    workspace = Workspace(options.workspace)
    if options.step:
        (kind,), (rows,) = options.kinds, options.sizes
        print(json.dumps(step_of(workspace, options.step, kind, rows, options.workspace)))
        return
    table: list[Row] = []
    for rows in QUICK if options.quick else options.sizes:
        blocks = vector_blocks(workspace.image_set(set_of(rows)).embeddings(EMBEDDER))
        truth = exact_search(asked(workspace, rows), blocks, k=RECALL_AT).ids
        np.save(options.workspace / f"truth-{rows}.npy", truth)
        bare = alone(options, NOTHING, "exact", rows)["nothing peak MB"]
        for kind in options.kinds:
            row = {"vectors": rows, "index": kind, "MB of nothing": bare}
            table.append(
                row | alone(options, BUILD, kind, rows) | alone(options, SEARCH, kind, rows)
            )
            print(json.dumps(table[-1]), flush=True)
    print_table(f"Indexes of {DIM} numbers a vector", table)
    finish(options, "indexes", {"rows": table})


if __name__ == "__main__":
    main()
