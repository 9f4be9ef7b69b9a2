"""Class share (C1): how many of the k nearest training images have the query's class.

Queries: 1,000 images held out of CIFAR-10's 50,000 training images (49,000 are searched), 1,000 of
Fashion-MNIST's test images against all 60,000. First the vectors: the pooled head (1,280), the three
pooled blocks that are used (624), pixels. Then the order of the 100 candidates under each distance,
all distances exact, on 200 (CIFAR-10) and 100 (Fashion-MNIST) queries. Mean ± standard error, in %.

    python -m benchmarks.choices.class_share --workspace WORKSPACE --json
"""  # noqa: E501

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.kit.datasets import (
    BuiltSet,
    Queries,
    cifar_set,
    fashion_set,
    fashion_test,
    held_out,
    workspace_of,
)
from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core.images.decode import pixels_of
from gmv_core.matching.matcher import embed_previews
from gmv_core.method.recall import exact_search
from gmv_core.method.rerank import pair_distances, sort_by_distance
from gmv_core.models.distances.table import load_distance
from gmv_core.models.embedders.embedder import stack, unit_rows
from gmv_core.models.embedders.lite0 import lite0_trunk, lite0_weights
from gmv_core.models.network import compile_network
from gmv_core.types import Float32, Int64, Network, UInt8

KS = (1, 10, 30, 100)


def head_network() -> Network:
    """Return the same network's pooled head, (n, 1280)."""
    import torch

    path, digest = lite0_weights()

    class Head(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk = lite0_trunk(path)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            x = (x.permute(0, 3, 1, 2).float() - 127) / 128
            return (self.trunk.forward_features(x).mean((2, 3)),)

    return compile_network(Head, side_px=128, name=f"head {digest[:16]}", precision="fp32")


def head_vectors(network: Network, made: BuiltSet) -> Float32:
    """Return the unit head vectors of a whole set, from its previews."""
    parts = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for batch in made.training.images.batches(["preview"], size=256):
            squares = pool.map(
                lambda p: stack([pixels_of(p)], 128)[0], batch["preview"].to_pylist()
            )
            parts.append(network(np.stack(list(squares)))[0])
    return unit_rows(np.concatenate(parts))


def pixel_vectors(images: Sequence[UInt8]) -> Float32:
    """Return pixels as vectors."""
    return np.stack([image.ravel() for image in images]).astype(np.float32) / 255


def shares(neighbours: Int64, labels: np.ndarray, own: np.ndarray, ks: Sequence[int]) -> Row:
    """Return "mean ± standard error" of the class share for each k."""
    hits = labels[neighbours] == own[:, None]
    told = {}
    for k in ks:
        each = 100 * hits[:, :k].mean(1)
        told[f"k={k}"] = f"{each.mean():.1f} ± {each.std() / len(each) ** 0.5:.1f}"
    return told


def by_vectors(name: str, made: BuiltSet, asked: Queries, head: Network | None) -> list[Row]:
    """Compare vectors; `head` None leaves the head out (it needs a pass over the whole set)."""
    ids = np.setdiff1d(np.arange(len(made.vectors)), asked.rows)
    choices = {"three blocks (used)": (made.vectors, asked.vectors)}
    if head is not None:
        squares = stack(asked.previews, 128)
        own = np.concatenate([head(squares[i : i + 64])[0] for i in range(0, len(squares), 64)])
        choices["head"] = head_vectors(head, made), unit_rows(own)
    pixels = pixel_vectors(made.previews(np.arange(len(made.vectors))))
    choices["pixels"] = pixels, pixel_vectors(asked.previews)
    return [
        {"set": name, "vectors": title,
         **shares(exact_search(queries, [(ids, vectors[ids])], k=100).ids, made.labels,
                  asked.labels, KS)}
        for title, (vectors, queries) in choices.items()
    ]  # fmt: skip


def by_distance(name: str, made: BuiltSet, asked: Queries, count: int) -> list[Row]:
    """Compare the orders of the same 100 candidates."""
    ids = np.setdiff1d(np.arange(len(made.vectors)), asked.rows)
    chosen = np.linspace(0, len(asked.vectors) - 1, count).astype(int)
    found = exact_search(asked.vectors[chosen], [(ids, made.vectors[ids])], k=100).ids
    previews, own = [asked.previews[i] for i in chosen], asked.labels[chosen]
    rows: list[Row] = []
    for key in ("none", "l2", "stlpips", "features"):
        order = found
        if key == "features":
            features = embed_previews(made.embedder, previews)[1]
            d = pair_distances(
                features, found, lambda r: embed_previews(made.embedder, made.previews(r))[1],
                squared=True,
            )  # fmt: skip
            order = sort_by_distance(found, d)[0]
        elif key != "none":
            distance = load_distance(key)
            side = distance.side_px
            mine = np.concatenate([distance(stack([p], side)) for p in previews])
            d = pair_distances(
                mine, found, lambda r, f=distance: f(stack(made.previews(r), f.side_px)),
                squared=distance.squared, tile=64,
            )  # fmt: skip
            order = sort_by_distance(found, d)[0]
        rows.append({"set": name, "distance": key, "queries": count,
                     **shares(order, made.labels, own, KS[:3])})  # fmt: skip
    return rows


def main() -> None:
    """Measure, print the tables and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--no-head", action="store_true", help="leave out the pass for the head")
    options = made.parse_args()
    head = None if options.no_head else head_network()
    queries, counts = (100, (10, 10)) if options.quick else (1000, (200, 100))
    vectors: list[Row] = []
    orders: list[Row] = []
    with workspace_of(options) as workspace:
        cifar = cifar_set(options, workspace, 1000 if options.quick else 50_000)
        asked = held_out(cifar, queries, seed=options.seed)
        orders += by_distance("CIFAR-10", cifar, asked, counts[0])
        vectors += by_vectors("CIFAR-10", cifar, asked, head)
        fashion = fashion_set(options, workspace, 1000 if options.quick else 60_000)
        asked = fashion_test(fashion, options.fashion, queries, seed=options.seed)
        orders += by_distance("Fashion-MNIST", fashion, asked, counts[1])
        vectors += by_vectors("Fashion-MNIST", fashion, asked, head)
    print_table("Class share by the embedding alone, %", vectors)
    print_table("Class share after re-ranking 100 candidates, %", orders)
    finish(options, "class_share", {"vectors": vectors, "orders": orders})


if __name__ == "__main__":
    main()
