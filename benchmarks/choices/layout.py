"""How well a map keeps neighbours, and how long it takes: PaCMAP, and three ways to place others.

On 50,000 images of CIFAR-10 with their stored vectors. 20,000 are laid out; of 2,000 others each
way's place is judged against the true neighbours among those 20,000:

- of the 30 nearest on the map, the share that is among the 100 truly nearest (0.005 by chance);
- trustworthiness at 10 neighbours (Venna and Kaski 2001; 0.5 by chance), of the points themselves.

Time is given as seconds of the processor too, which others on the machine change less.

    python -m benchmarks.choices.layout --workspace COPY --json
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.manifold import trustworthiness

from benchmarks.kit.datasets import cifar_set, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core.method.layout import Axes, fit_layout, nearest_fitted, place, principal_axes
from gmv_core.method.recall import exact_search
from gmv_core.sets.layout import MOST_FITTED, make_layout
from gmv_core.types import Float32, Int64

JUDGED = 2_000
ON_MAP, TRUE, TRUST_AT = 30, 100, 10


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what a call returns, its seconds, and those of the processor."""
    started, used = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - started, time.process_time() - used


def nearest(base: Float32, queries: Float32, k: int) -> Int64:
    return exact_search(queries, [(np.arange(len(base)), base)], k=k).ids


def judged(
    way: str, laid_out: Float32, at: Float32, base: Float32, queries: Float32, *, own: bool = False
) -> Row:
    """Return how well places keep neighbours. own: the queries are points of the base."""
    skip = int(own)
    map_near = nearest(laid_out, at, ON_MAP + skip)[:, skip:]
    true = nearest(base, queries, TRUE + skip)[:, skip:]
    kept = np.mean([np.isin(a, b).mean() for a, b in zip(map_near, true, strict=True)])
    trust = trustworthiness(queries, at, n_neighbors=TRUST_AT)
    return {"placed": way, f"{ON_MAP} on the map in the {TRUE} nearest": round(float(kept), 4),
            "trustworthiness": round(float(trust), 4)}  # fmt: skip


def mean_of(positions: Float32, distances: Float32) -> Float32:
    """Place at the mean of the neighbours, weighted by the inverse square of their distances."""
    weight = 1 / np.maximum(distances, 1e-6) ** 2
    return np.average(positions, axis=1, weights=np.repeat(weight[..., None], 2, axis=2))


def by_pacmap(points: Float32, others: Float32, seed: int) -> Float32:
    """Place by PaCMAP's own optimisation of new points, which needs the fitted object."""
    from pacmap import PaCMAP

    fitted = PaCMAP(random_state=seed, apply_pca=False)
    fitted.fit(points)
    placed: Float32 = fitted.transform(others, basis=points.copy())
    return placed


def compare(vectors: Float32, fitted: int, judged_at: int, seed: int) -> list[Row]:
    """Return a row a way of placing, and first that of points that were laid out themselves."""
    order = np.random.default_rng(seed).permutation(len(vectors))
    base, queries = vectors[order[:fitted]], vectors[order[fitted : fitted + judged_at]]
    axes: Axes = principal_axes(base)
    points, others = axes(base), axes(queries)
    laid_out = fit_layout(points, seed=seed)
    distances, places = nearest_fitted(points, others)
    near = laid_out[places]
    some = slice(0, judged_at)
    ways = {
        "median of 10 neighbours": place(near, distances),
        "mean of 10 neighbours": mean_of(near, distances),
        "pacmap.transform": by_pacmap(points, others, seed),
    }
    rows = [judged("laid out", laid_out, laid_out[some], base, base[some], own=True)]
    return rows + [judged(way, laid_out, at, base, queries) for way, at in ways.items()]


def main() -> None:
    """Build what is missing, make the map, print both tables and the figures."""
    options = parser(__doc__ or "").parse_args()
    count = 1_000 if options.quick else 50_000
    with workspace_of(options) as workspace:
        made = cifar_set(options, workspace, count)
        fit_layout(np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32))  # compiled
        (made.training.folder / "layout.json").unlink(missing_ok=True)
        record, seconds, used = timed(
            lambda: make_layout(workspace, made.training.name, seed=options.seed)
        )
        times: list[Row] = [
            {"images": record.images, "laid out": record.fitted, "seconds": round(seconds, 1),
             "processor seconds": round(used, 1)}
        ]  # fmt: skip
        fitted, few = (600, 200) if options.quick else (MOST_FITTED, JUDGED)
        rows = compare(made.vectors, fitted, few, options.seed)
    print_table("Making a map", times)
    print_table(f"Neighbours kept, {few:,} images of CIFAR-10 against {fitted:,}", rows)
    finish(options, "layout", {"times": times, "rows": rows})


if __name__ == "__main__":
    main()
