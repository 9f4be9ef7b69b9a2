"""One machine and sets of 10 thousand to a million images: time, memory and disk of each step.

The images are drawn numbers: 8 × 8 pixels about 50 middles, moved along 12 smooth directions, with
a label, a skewed owner and a batch, in a Parquet file. The embedder is a random projection given
from Python, so what is measured is all that is not the network: reading, decoding, tables, index,
search and values. `benchmarks.speed.embed` has the network.

Each step is a process of its own, so that its largest memory is its own. What is done is kept in
the workspace and not done again, and an interrupted build goes on where it stopped.

    python -m benchmarks.speed.large.scale --workspace COPY --json
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.kit.alone import run_alone
from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core import MatchSettings, RunSettings, Workspace, build, open_run, open_source, value
from gmv_core.models.embedders.embedder import from_callable, unit_rows
from gmv_core.results.shares import group_shares, top_ranks, value_intervals
from gmv_core.sets.layout import make_layout
from gmv_core.sources.readers.arrays import netpbm
from gmv_core.store.manifests import SetManifest
from gmv_core.trust.duplicates import find_clusters
from gmv_core.types import Embedder, Float32, Progress, UInt8

SIDE_PX, DIM, MIDDLES, DIRECTIONS = 8, 64, 50, 12
OWNERS, BATCHES = 200, 20
ROWS_AT_ONCE = 20_000
SIZES = (10_000, 100_000, 1_000_000)
GENERATED = 1_000
STEPS = ("build", "value", "tables", "map")
FURTHER = ("duplicates",)  # of so many alike images, an hour


def cheap_embedder() -> Embedder:
    """Return a random projection of the pixels."""
    turn = np.random.default_rng(5).normal(size=(SIDE_PX**2 * 3, DIM)).astype(np.float32)

    def embed(pixels: UInt8) -> Float32:
        return unit_rows((pixels.reshape(len(pixels), -1) / np.float32(127.5) - 1) @ turn)

    return from_callable(embed, key="projection", side_px=SIDE_PX, dim=DIM)


def drawn_images(rng: np.random.Generator, kinds: np.ndarray) -> UInt8:
    """Return grey images (n, SIDE_PX, SIDE_PX), one about the middle of each kind."""
    shapes = np.random.default_rng(0)
    middles = shapes.uniform(40, 215, (MIDDLES, SIDE_PX**2))
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    waves = shapes.uniform(0, 2, (DIRECTIONS, 2, 1, 1))
    ways = np.cos(np.pi * (waves[:, 0] * x + waves[:, 1] * y)).reshape(DIRECTIONS, -1)
    moved = rng.normal(0, 15, (len(kinds), DIRECTIONS)) @ ways
    grain = rng.normal(0, 3, moved.shape)
    pixels = np.clip(middles[kinds] + moved + grain, 0, 255).astype(np.uint8)
    return pixels.reshape(-1, SIDE_PX, SIDE_PX)


def write_parquet(path: Path, count: int, seed: int) -> Path:
    """Write `count` images with labels, owners (the first has most) and batches."""
    rng = np.random.default_rng(seed)
    names = ("image", "label", "owner", "batch")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made, writer = Path(folder, path.name), None
        for first in range(0, count, ROWS_AT_ONCE):
            some = min(ROWS_AT_ONCE, count - first)
            kinds = rng.integers(0, MIDDLES, some)
            images = [netpbm(image) for image in drawn_images(rng, kinds)]
            owners = np.minimum(rng.zipf(1.3, some), OWNERS)
            columns = [
                pa.array(images, pa.binary()),
                pa.array([f"kind {kind:02d}" for kind in kinds]),
                pa.array([f"owner {owner:03d}" for owner in owners]),
                pa.array([f"{batch:02d}" for batch in rng.integers(0, BATCHES, some)]),
            ]
            rows = pa.table(columns, names=names)
            writer = writer or pq.ParquetWriter(made, rows.schema)
            writer.write_table(rows)
        if writer is not None:
            writer.close()
        made.rename(path)
    return path


def set_of(rows: int) -> str:
    return f"scale-{rows}"


def run_of(rows: int) -> str:
    return f"{set_of(rows)}-run"


def _source(workspace: Workspace, what: str, count: int, seed: int) -> Path:
    path = workspace.root / f"{what}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path if path.exists() else write_parquet(path, count, seed)


def build_step(workspace: Workspace, rows: int, seed: int) -> Row:
    """Build the set; return what its manifest and the disk tell."""
    speed: dict[int, float] = {}

    def note(step: Progress) -> None:
        if step.stage == "embed":
            speed[step.done] = time.perf_counter()

    source = open_source(_source(workspace, set_of(rows), rows, seed))
    made = build(workspace, source, name=set_of(rows), embedder=cheap_embedder(), report=note)
    seconds, memory = made.seconds, made.memory_mb
    return {
        "images/s": round(rows / seconds["embed"]),
        "images/s, first tenth": _speed(speed, 0.0, 0.1),
        "last tenth": _speed(speed, 0.9, 1.0),
        "embed s": seconds["embed"],
        "index s": seconds["index"],
        "peak MB at the end of embed": memory["embed"],
        "of index": memory["index"],
        **index_row(made),
    }


def index_row(made: SetManifest) -> Row:
    """Return what the manifest tells of the index."""
    assert made.index is not None  # noqa: S101  (the set was just built)
    return {
        "index": made.index.kind,
        f"recall@{made.index.recall_at}": round(made.index.recall, 4),
        "index bytes a vector": made.index.bytes_per_vector,
    }


def _speed(seen: dict[int, float], low: float, high: float) -> int:
    """Return images a second between two shares of what this process saw."""
    at = sorted(seen.items())
    if len(at) < 20:
        return 0
    (before, started), (after, ended) = at[int(low * (len(at) - 1))], at[int(high * (len(at) - 1))]
    return round((after - before) / (ended - started))


def value_step(workspace: Workspace, rows: int, seed: int) -> Row:
    """Value generated images against the set."""
    made = open_source(_source(workspace, "made", GENERATED, seed + 1))
    settings = RunSettings(MatchSettings(distance="none"))
    done = value(
        workspace, made, against=set_of(rows), name=run_of(rows), settings=settings,
        embedder=cheap_embedder(),
    )  # fmt: skip
    return {f"{stage} s": seconds for stage, seconds in done.seconds.items()}


def tables_step(workspace: Workspace, rows: int, seed: int) -> Row:
    """Read the tables that pages and exports begin with, each from an open result of its own."""
    name = run_of(rows)
    reads: dict[str, Callable[[], object]] = {
        "values_table": lambda: open_run(workspace, name).values_table(),
        "noisy": lambda: open_run(workspace, name).noisy(),
        "shares by owner": lambda: group_shares(open_run(workspace, name), "owner", seed=seed),
        "intervals": lambda: value_intervals(open_run(workspace, name)),
        "ranks": lambda: top_ranks(open_run(workspace, name), seed=seed),
        "one image": lambda: open_run(workspace, name).contributors("made/000007"),
    }
    row: dict[str, float] = {}
    for what, read in reads.items():
        started, used = time.perf_counter(), time.process_time()
        read()
        row[f"{what} s"] = round(time.perf_counter() - started, 3)
        row[f"{what}, processor s"] = round(time.process_time() - used, 3)
    return row


def duplicates_step(workspace: Workspace, rows: int, seed: int) -> Row:
    """Look for near copies."""
    found = find_clusters(workspace, set_of(rows), cheap_embedder())
    return {"copies": found.extra}


def map_step(workspace: Workspace, rows: int, seed: int) -> Row:
    """Make the map."""
    make_layout(workspace, set_of(rows), seed=seed)
    return {}


def disk_row(workspace: Workspace, rows: int) -> Row:
    """Return the bytes on disk for each image, by part of the set."""
    folder = workspace.image_set(set_of(rows)).folder
    parts = {part.name: part for part in sorted(folder.iterdir()) if part.is_dir()}
    told: Row = {f"{name} B": round(_bytes(part) / rows, 1) for name, part in parts.items()}
    values = workspace.run(run_of(rows)).folder / "values.lance"
    return {"images": rows, **told, "a run's values B": round(_bytes(values) / rows, 1)}


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def alone(options: argparse.Namespace, workspace: Workspace, step: str, rows: int) -> Row:
    """Do a step in a process of its own, or return what it told before."""
    kept = workspace.root / f"{set_of(rows)}-{step}.json"
    if kept.exists():
        told: Row = json.loads(kept.read_text())
        return told
    output, took = run_alone(
        "benchmarks.speed.large.scale",
        ["--step", step, "--sizes", str(rows), "--workspace", str(workspace.root.absolute()),
         "--seed", str(options.seed)],
    )  # fmt: skip
    told = {
        "images": rows,
        **took,
        "load": round(os.getloadavg()[1], 1),
        **json.loads(output.splitlines()[-1]),
    }
    kept.write_text(json.dumps(told))
    return told


def prepare(options: argparse.Namespace, workspace: Workspace, rows: int) -> str:
    """Make a set of so many images with its run, near copies and map; return the run's name."""
    for step in STEPS:
        alone(options, workspace, step, rows)
    return run_of(rows)


def main() -> None:
    """Do all steps at all sizes, print the tables and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    made.add_argument(
        "--step", choices=STEPS + FURTHER, help="do one step here, and print what it tells"
    )
    made.add_argument("--steps", choices=STEPS + FURTHER, nargs="+", default=list(STEPS))
    options = made.parse_args()
    if options.step:
        do = {"build": build_step, "value": value_step, "tables": tables_step,
              "duplicates": duplicates_step, "map": map_step}[options.step]  # fmt: skip
        print(json.dumps(do(Workspace(options.workspace), options.sizes[0], options.seed)))
        return
    sizes = [1000, 3000] if options.quick else options.sizes
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace((options.workspace or Path(folder, "home")).absolute())
        workspace.root.mkdir(parents=True, exist_ok=True)
        found = {step: [alone(options, workspace, step, n) for n in sizes]
                 for step in options.steps}  # fmt: skip
        for step, rows in found.items():
            print_table(step, rows)
        disk = [disk_row(workspace, n) for n in sizes]
        print_table("Bytes on disk for each image", disk)
    finish(options, "scale", {"steps": found, "disk": disk})


if __name__ == "__main__":
    main()
