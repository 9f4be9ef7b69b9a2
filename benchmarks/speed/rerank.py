"""Re-ranking 100 images × 100 candidates, against calling the perceptual network on every pair.

10,000 images of CIFAR-10 are built; 100 of them, mirrored, stand for generated ones. `features`
from the built set (stored sketches order all, the nearest 20 exactly), and cold (each unique image
through the network once), against the same network in eager torch on both images of each pair. The
pair rate is measured on at least 2,000 pairs; the time for all 10,000 is calculated from it.

    python -m benchmarks.speed.rerank --json
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.kit.datasets import BuiltSet, cifar_set, held_out, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table, seconds_of
from gmv_core import MatchSettings, ValueSettings
from gmv_core.matching.loading import load_matcher
from gmv_core.matching.matcher import NETWORK_BATCH, embed_previews, sketches_of
from gmv_core.method.rerank import pair_distances, sort_by_distance
from gmv_core.method.sketch import sketch, sketch_step
from gmv_core.models.distances.lpips_form import stlpips_network, stlpips_weights
from gmv_core.models.distances.table import load_distance
from gmv_core.models.embedders.embedder import stack
from gmv_core.models.embedders.lite0 import lite0_module, lite0_weights
from gmv_core.store.columns import previews_of
from gmv_core.types import Float32, Int64, UInt8

Pairwise = Callable[[UInt8, UInt8], torch.Tensor]


def naive_features() -> Pairwise:
    """Return the embedder's perceptual distance, both images of each pair through the network."""
    network = lite0_module(lite0_weights()[0])

    def distance(a: UInt8, b: UInt8) -> torch.Tensor:
        v, w = network(torch.from_numpy(a))[1], network(torch.from_numpy(b))[1]
        return (v - w).square().sum(1)

    return distance


def naive_stlpips() -> Pairwise:
    """Return ST-LPIPS as its own network computes it."""
    path = stlpips_weights()
    if path is None:
        raise SystemExit("stlpips-pytorch and pyiqa are not installed")
    network: Any = stlpips_network(path).eval()

    def tensor(pixels: UInt8) -> torch.Tensor:
        return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255

    return lambda a, b: network(tensor(a), tensor(b))


def pair_rate(distance: Pairwise, a: UInt8, b: UInt8) -> float:
    """Return pairs/s on ready arrays, in batches."""

    def work() -> None:
        with torch.no_grad():
            for start in range(0, len(a), NETWORK_BATCH):
                distance(a[start : start + NETWORK_BATCH], b[start : start + NETWORK_BATCH])

    return len(a) / seconds_of(work)


def agreement(
    made: BuiltSet, features: Float32, candidates: Int64, top: Int64
) -> tuple[Row, Float32]:
    """Compare the two stages with all exact distances: the 10 nearest, and the sketch's error."""
    exact = pair_distances(
        features, candidates, lambda rows: embed_previews(made.embedder, made.previews(rows))[1],
        squared=True,
    )  # fmt: skip
    norm = made.embedder.features_norm_squared
    own = sketch(features, norm_squared=norm).astype(np.float32)
    own *= np.float32(sketch_step(norm))
    table = made.training.embeddings(made.embedder.key)
    estimated = pair_distances(
        own, candidates, lambda rows: sketches_of(table, rows, norm_squared=norm),
        squared=True,
    )  # fmt: skip
    truth = sort_by_distance(candidates, exact)[0][:, :10]
    shared = [len(np.intersect1d(a, b)) for a, b in zip(truth, top, strict=True)]
    error = np.abs(estimated - exact) / exact
    return {
        "overlap of top 10 %": round(10 * float(np.mean(shared)), 2),
        "same 10 images %": round(100 * float(np.mean(np.array(shared) == 10)), 1),
        "same list %": round(100 * float((truth == top).all(1).mean()), 1),
        "sketch error, mean %": round(100 * float(error.mean()), 2),
        "95th percentile %": round(100 * float(np.percentile(error, 95)), 2),
    }, exact


def main() -> None:
    """Measure, print the tables and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--pairs", type=int, default=2048, help="pairs given to the naive way")
    options = made.parse_args()
    built, m, runs = (1000, 10, 1) if options.quick else (10_000, 100, 3)
    pairs = 128 if options.quick else options.pairs
    with workspace_of(options) as workspace:
        rows, checks = measure(cifar_set(options, workspace, built), m, pairs, runs, options.seed)
    print_table("Re-ranking (targets: built set ≥ 20 times the naive way; cold ≥ 0.8 of the limit)",
                rows)  # fmt: skip
    print_table("Two stages against all exact distances (features)", [checks])
    finish(options, "rerank", {"rows": rows, "agreement": checks})


def measure(made: BuiltSet, m: int, pairs: int, runs: int, seed: int) -> tuple[list[Row], Row]:
    """Time every way on the same candidates."""
    asked = held_out(made, m, seed=seed)
    # Mirrored, so that no image is its own nearest neighbour at distance 0.
    previews = [np.ascontiguousarray(image[:, ::-1]) for image in asked.previews]
    manifest = made.training.manifest()
    vectors, features = embed_previews(made.embedder, previews)
    if features is None:
        raise ValueError("the embedder gives no features")
    rows: list[Row] = []
    checks: Row = {}
    for key, naive in (("features", naive_features()), ("stlpips", naive_stlpips())):
        matcher = load_matcher(made.training, manifest, settings=MatchSettings(100, key, "none"),
                               value=ValueSettings(), side_px=32)  # fmt: skip
        found = matcher.index.search(vectors, 100).ids
        unique = np.unique(found)
        distance = load_distance(key, precision="fp32") if key != "features" else None
        side_px = made.embedder.side_px if distance is None else distance.side_px
        network = made.embedder if distance is None else distance
        j, r = np.unravel_index(np.arange(min(pairs, found.size)), found.shape)
        a = stack(previews, side_px)[j]
        b = stack(previews_of(made.training, found[j, r]), side_px)
        rate = pair_rate(naive, a, b)
        total = m * 100 / rate

        def cold(key: str = key, matcher: Any = matcher, found: Int64 = found) -> None:  # noqa: ANN401
            if key == "features":
                own = embed_previews(made.embedder, previews)[1]
                pair_distances(
                    own, found, lambda rows: embed_previews(made.embedder, made.previews(rows))[1],
                    squared=True, tile=NETWORK_BATCH,
                )  # fmt: skip
            else:
                matcher.match(vectors, None, previews)

        ready = stack(made.previews(unique[:1024]), side_px)

        def forward(network: Any = network, ready: UInt8 = ready) -> None:  # noqa: ANN401
            for start in range(0, len(ready), NETWORK_BATCH):
                network(ready[start : start + NETWORK_BATCH])

        forward()
        forwards, colds = zip(*[(seconds_of(forward), seconds_of(cold)) for _ in range(runs)],
                              strict=True)  # fmt: skip
        images = len(unique) + m
        limit = images * statistics.median(forwards) / len(ready)
        row: dict[str, Any] = {
            "distance": key, "naive pairs/s": round(rate, 1), "naive s (calculated)": round(total),
            "cold s": round(statistics.median(colds), 2), "cold images": images,
            "limit s": round(limit, 2),
            "share of limit": round(limit / statistics.median(colds), 3),
            "cold ratio": round(total / statistics.median(colds), 1),
        }  # fmt: skip
        if key == "features":
            matcher.match(vectors, features, previews)

            def warm(matcher: Any = matcher) -> None:  # noqa: ANN401
                matcher.match(*matcher.embed(previews), previews)

            ours = statistics.median(seconds_of(warm) for _ in range(runs))
            row |= {"built set s": round(ours, 2), "built ratio": round(total / ours, 1)}
            top = matcher.match(vectors, features, previews).candidates[:, :10]
            checks = agreement(made, features, found, top)[0]
        rows.append(row)
    return rows, checks


if __name__ == "__main__":
    main()
