"""On a GPU: images/s of a whole build beside its limits, agreement with the processor, re-ranking.

The build is held against the slower of what it is made of: decoding alone (all cores) and the
network alone on ready arrays. Networks: lite0, which comes with its weights, and an open_clip
ViT-B/32 whose checkpoint is made here with random weights: its speed is that of a trained one.
Agreement: the vectors of the same images on the processor, by a process that sees no device
(smallest cosine), and the class share of the ten nearest in half precision. Re-ranking: products of
candidates' vectors by numpy and on the device. Without a device everything runs on the processor,
and the table says so.

    python -m benchmarks.speed.gpu --json
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.kit.datasets import SETTINGS, cifar_names, cut_zip
from benchmarks.kit.reporting import Row, finish, parser, print_table, seconds_of
from benchmarks.speed.embed import decode_all, forward_all, photographs
from gmv_core import Workspace, build, open_source
from gmv_core.method.recall import exact_search
from gmv_core.method.rerank import pair_distances
from gmv_core.models.choice import reload_embedder
from gmv_core.models.embedders.embedder import unit_rows
from gmv_core.models.network import choose_device
from gmv_core.settings import EmbedSettings, IndexSettings
from gmv_core.store.columns import all_vectors
from gmv_core.types import Float32

CLIP = "ViT-B-32"
BATCHES = (64, 256)
NEAREST = 10
CANDIDATES = 100


def random_clip(folder: Path, *, seed: int) -> str:
    """Write a checkpoint of random weights and return its embedder's key."""
    import open_clip
    import torch

    file = folder / "random.pt"
    if not file.exists():
        torch.manual_seed(seed)
        torch.save(open_clip.create_model(CLIP).state_dict(), file)
    return f"open_clip:{CLIP}:{file}"


def vectors_of(key: str, precision: str, source: Path) -> tuple[Float32, list[str]]:
    """Build a source and return vectors and labels of its images, in order."""
    with tempfile.TemporaryDirectory() as folder:
        made = built(Path(folder), key, precision, source, batch=BATCHES[0])
        images = made.image_set("measured")
        labels = images.images.read(["label"])["label"].to_pylist()
        return all_vectors(images.embeddings(images.manifest().embedder.key))[1], labels


def built(folder: Path, key: str, precision: str, source: Path, *, batch: int) -> Workspace:
    """Build a source into a workspace of its own."""
    workspace = Workspace(folder)
    settings = replace(
        SETTINGS,
        embed=EmbedSettings(key, precision, batch_size=batch),
        index=IndexSettings("exact"),
    )
    build(workspace, open_source(source), name="measured", settings=settings)
    return workspace


def on_processor(key: str, source: Path) -> Float32:
    """Return the vectors that a process without a device computes, in fp32."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.npy"
        command = [sys.executable, "-m", "benchmarks.speed.gpu", "--vectors", key, str(source),
                   str(file)]  # fmt: skip
        subprocess.run(command, check=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
        found: Float32 = np.load(file)
        return found


def class_share(vectors: Float32, labels: list[str]) -> float:
    """Return the share of each image's ten nearest others that have its label, in per cent."""
    rows = np.arange(len(vectors))
    near = exact_search(vectors, [(rows, vectors)], k=NEAREST + 1).ids
    named = np.array(labels)
    others = near != rows[:, None]
    return float(100 * (named[near] == named[:, None])[others].mean())


def speed(
    name: str, source: Path, count: int, key: str, precision: str, batch: int, runs: int
) -> Row:
    """Measure one build beside decoding alone and the network alone, in turns."""
    embedder = reload_embedder(key, precision, None)
    squares = decode_all(source, embedder.side_px)

    def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            built(Path(folder), key, precision, source, batch=batch)

    steps: dict[str, Callable[[], object]] = {
        "build": whole,
        "decode": lambda: decode_all(source, embedder.side_px),
        "forward": lambda: forward_all(embedder, squares, batch),
    }
    taken: dict[str, list[float]] = {step: [] for step in steps}
    whole()
    for _ in range(runs):
        for step, work in steps.items():
            taken[step].append(seconds_of(work))
    rate = {step: count / statistics.median(times) for step, times in taken.items()}
    return {
        "images": f"{count:,} {name}", "network": key.split(":")[0], "precision": precision,
        "batch": batch, **{f"{step} img/s": round(value) for step, value in rate.items()},
        "share of the slower": round(rate["build"] / min(rate["decode"], rate["forward"]), 3),
    }  # fmt: skip


def agreement(key: str, source: Path) -> list[Row]:
    """Hold the vectors in each precision against those of the processor."""
    here, rows = on_processor(key, source), list[Row]()
    for precision in precisions():
        vectors, labels = vectors_of(key, precision, source)
        rows.append(
            {
                "network": key.split(":")[0],
                "precision": precision,
                "least cosine": round(float((here * vectors).sum(axis=1).min()), 6),
                "class share %": round(class_share(vectors, labels), 2),
                "on the processor %": round(class_share(here, labels), 2),
            }
        )
    return rows


def reranking(count: int, side: int, runs: int, *, seed: int) -> Row:
    """Time re-ranking by dense products beside numpy's product of the same arrays."""
    rng = np.random.default_rng(seed)
    own = unit_rows(rng.standard_normal((count, side)).astype(np.float32))
    training = unit_rows(rng.standard_normal((2 * CANDIDATES, side)).astype(np.float32))
    candidates = np.stack([rng.permutation(len(training))[:CANDIDATES] for _ in range(count)])
    found = pair_distances(own, candidates, lambda rows: training[rows], squared=True)
    plain = ((own[:, None] - training[candidates]) ** 2).sum(axis=2) if side <= 4096 else found
    ours = [
        seconds_of(
            lambda: pair_distances(own, candidates, lambda rows: training[rows], squared=True)
        )
        for _ in range(runs)
    ]
    theirs = [seconds_of(lambda: own @ training.T) for _ in range(runs)]
    return {
        "pairs": count * CANDIDATES, "numbers a vector": side,
        "seconds": round(statistics.median(ours), 3),
        "numpy's product alone": round(statistics.median(theirs), 3),
        "largest difference": float(f"{np.abs(found - plain).max():.1e}"),
    }  # fmt: skip


def precisions() -> list[str]:
    """Return what is measured: half precision where a device has it."""
    return ["fp32", "fp16"] if choose_device() == "cuda" else ["fp32"]


def sources(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Path, int]]:
    """Yield (name, source, number of images)."""
    small, large = (200, 40) if options.quick else (options.images, options.large)
    names = cifar_names(options.cifar, small, seed=options.seed)
    yield "CIFAR-10", cut_zip(options.cifar, names, folder / "cifar.zip"), len(names)
    photos = folder / "photos"
    photos.mkdir()
    photographs(options.cifar, photos, large, seed=options.seed)
    yield "JPEGs of 512 px", photos, large


def main() -> None:
    """Measure, print the tables and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--images", type=int, default=10_000, help="CIFAR-10 images")
    made.add_argument("--large", type=int, default=3_000, help="JPEGs of 512 px")
    made.add_argument("--runs", type=int, default=3)
    made.add_argument("--vectors", nargs=3, metavar=("KEY", "SOURCE", "FILE"), default=None)
    options = made.parse_args()
    if options.vectors:
        key, source, file = options.vectors
        np.save(file, vectors_of(key, "fp32", Path(source))[0])
        return
    runs = 1 if options.quick else options.runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = [SETTINGS.embed.embedder, random_clip(folder, seed=options.seed)]
        given = list(sources(options, folder))
        speeds = [
            speed(called, source, count, key, precision, batch, runs)
            for called, source, count in given
            for key in keys
            for precision in precisions()
            for batch in (BATCHES[:1] if options.quick else BATCHES)
        ]
        held = cut_zip(
            options.cifar,
            cifar_names(options.cifar, 100 if options.quick else 1000, seed=options.seed + 1),
            folder / "held.zip",
        )
        agreed = [row for key in keys for row in agreement(key, held)]
    size = (64, 4096) if options.quick else (512, 50_000)
    pairs = [reranking(size[0], side, runs, seed=options.seed) for side in {4096, size[1]}]
    device = choose_device()
    print_table(f"Build on {device} (target: at least 0.8 of the slower of the two)", speeds)
    print_table("Agreement with the processor (target: least cosine at least 0.999 in fp32, class "
                "share unchanged in half)", agreed)  # fmt: skip
    print_table(f"Re-ranking on {device}", pairs)
    if device != "cuda":
        print("\nThis machine has no CUDA device; these are the processor's figures.")
    finish(options, "gpu", {"device": device, "speed": speeds, "agreement": agreed,
                            "reranking": pairs})  # fmt: skip


if __name__ == "__main__":
    main()
