"""Near copies: are planted ones found, how long does it take, and what does copying earn?

Copies of training images of CIFAR-10 and Fashion-MNIST are planted among them, each kind in a set
of its own; a pair in one cluster is right where both come from one image, or from two that are near
copies without any planting. Then one owner's images are put into the set r times more.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.kit.data import Images, available, load
from benchmarks.kit.datasets import cifar_set, save_npz, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.trust.planted import COPIES, reencoded
from gmv_core import (
    MatchSettings,
    RunSettings,
    ValueSettings,
    Workspace,
    build,
    open_run,
    open_source,
    value,
)
from gmv_core.models.embedders.lite0 import load_lite0
from gmv_core.trust.duplicates import find_clusters, read_clusters
from gmv_core.types import Embedder, Int64, UInt8

TIMES = (1, 5, 20)


@cache
def network() -> Embedder:
    """Return the embedder, compiled once for all sets."""
    return load_lite0("fp32")


def colour(pixels: UInt8) -> UInt8:
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def clusters_of(pixels: UInt8) -> Int64:
    """Build a set of these images and return the first row of each one's cluster."""
    with tempfile.TemporaryDirectory() as folder:
        source = save_npz(Path(folder) / "train.npz", pixels, np.zeros(len(pixels), np.int64))
        workspace = Workspace(Path(folder) / "workspace")
        build(workspace, open_source(source), name="train", embedder=network())
        find_clusters(workspace, "train", network())
        return read_clusters(workspace.image_set("train")).of


def planted(images: Images, count: int, seed: int) -> list[Row]:
    """Return precision and recall of each kind of copy."""
    rng = np.random.default_rng(seed)
    pixels, n = colour(images.pixels), len(images)
    originals = rng.permutation(n)[:count]
    kinds = {"same pixels": lambda p, _: p, **COPIES}
    clean, mine = clusters_of(pixels), n + np.arange(count)
    rows = []
    for kind, copy in kinds.items():
        copies = np.stack([copy(pixels[row], rng) for row in originals])
        of = clusters_of(np.concatenate([pixels, copies]))
        right = wrong = 0
        for row, original in zip(mine, originals, strict=True):
            others = np.flatnonzero(of[:n] == of[row])
            same = clean[others] == clean[original]
            right, wrong = right + int(same.sum()), wrong + int((~same).sum())
        rows.append({"copy": kind, "found": round(float((of[mine] == of[originals]).mean()), 3),
                     "precision": round(right / max(1, right + wrong), 3)})  # fmt: skip
    extra = int((clean != np.arange(n)).sum())
    return [
        *rows,
        {"copy": f"in the set by itself: {extra:,} of {n:,}", "found": "", "precision": ""},
    ]


def copying(images: Images, generated: UInt8, *, owners: int, reencode: bool) -> list[Row]:
    """Return how much the totals change where the first owner's images are there r times more."""
    pixels = colour(images.pixels)
    owner = np.arange(len(pixels)) % owners
    own = pixels[owner == 0]
    again = np.stack([reencoded(image, 90) for image in own]) if reencode else own
    rows, before = [], dict[str, np.ndarray]()
    for times in (0, *TIMES):
        every = np.concatenate([pixels, *[again] * times])
        of = np.concatenate([owner, np.zeros(len(own) * times, np.int64)])
        row: dict[str, str | int | float] = {"copies of one owner's images": times}
        for duplicates in ("each", "cluster"):
            totals = totals_by_owner(every, of, generated, duplicates, owners)
            first = before.setdefault(duplicates, totals)
            row[f"{duplicates}: owner's share, %"] = round(100 * totals[0] / totals.sum(), 2)
            row[f"{duplicates}: largest change of a total"] = float(np.abs(totals - first).max())
        rows.append(row)
    return rows


def totals_by_owner(
    pixels: UInt8, owner: Int64, generated: UInt8, duplicates: str, owners: int
) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        workspace = Workspace(root / "workspace")
        none = np.zeros(len(pixels), np.int64)
        source = open_source(save_npz(root / "train.npz", pixels, none))
        build(workspace, source, name="train", embedder=network())
        made = save_npz(root / "made.npz", generated, np.zeros(len(generated), np.int64))
        settings = RunSettings(
            MatchSettings(distance="features"), ValueSettings(duplicates=duplicates)
        )
        value(workspace, open_source(made), against="train", name="run", settings=settings,
              calibrated=False, embedder=network())  # fmt: skip
        table = open_run(workspace, "run").values_table(("id", "value"))
        return np.bincount(owner[table["id"]], table["value"], owners)


def seconds(options: argparse.Namespace, workspace: Workspace) -> Row:
    """Return how long all of CIFAR-10 takes."""
    name = cifar_set(options, workspace).training.name
    started, used = time.perf_counter(), time.process_time()
    record = find_clusters(workspace, name)
    return {"images": 50_000, "seconds": round(time.perf_counter() - started, 1),
            "of the processor": round(time.process_time() - used, 1),
            "clusters": record.clusters, "copies": record.extra, "exact": record.exact}  # fmt: skip


def main() -> None:
    """Measure, print the tables."""
    options = parser(__doc__ or "").parse_args()
    quick = options.quick
    n, count, valued, made = (300, 20, 200, 20) if quick else (4000, 150, 400, 50)
    found: dict[str, list[Row]] = {}
    for data in available(options):
        images = load(data, options, drawn=n + made)
        part = images.take(slice(0, n))
        found[f"{data}: planted copies"] = planted(part, count, options.seed)
        some, unseen = images.take(slice(0, valued)), colour(images.pixels[n : n + made])
        for reencode in (False, True):
            kind = "re-encoded" if reencode else "exact"
            found[f"{data}: {kind} copies"] = copying(some, unseen, owners=10, reencode=reencode)
        for name, rows in found.items():
            if name.startswith(data):
                print_table(name, rows)
    if not quick and options.cifar.exists():
        with workspace_of(options) as workspace:
            found["all of CIFAR-10"] = [seconds(options, workspace)]
        print_table("all of CIFAR-10", found["all of CIFAR-10"])
    finish(options, "trust.duplicates", found)


if __name__ == "__main__":
    main()
