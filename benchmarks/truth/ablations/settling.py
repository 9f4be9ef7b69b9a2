"""How many generated images does it take until the values stand? Part of the ablations.

Two disjoint draws of generated images value the same training set: m of them on one side, half of
all on the other. What the two agree on is what m images tell. Repeated over random draws. As the
generators write 1,000 images each, the β-VAE is trained once more and asked for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.kit.data import Images, asked_classes
from benchmarks.kit.datasets import BuiltSet
from benchmarks.truth.ablations.class_share import Asked
from benchmarks.truth.ablations.lists import Lists, rank_agreement, top_in_common, value
from benchmarks.truth.generators.vae import Recipe, sample, train
from gmv_core import ValueSettings
from gmv_core.matching.matcher import embed_previews
from gmv_core.types import Float64

DRAWS = 20
SETTINGS = ValueSettings()


def sampled(made: BuiltSet, images: Images, count: int, *, recipe: Recipe, seed: int) -> Asked:
    """Train the β-VAE on the images of a built set, and embed what it generates."""
    model = train(images, seed=seed, recipe=recipe).model
    classes = asked_classes(images, count)
    pixels = sample(model, classes, images.pixels.shape[1:], seed=seed + 1)
    previews = list(np.broadcast_to(pixels, (*pixels.shape[:3], 3)))  # grey as RGB
    vectors, features = embed_previews(made.embedder, previews)
    labels = np.array(images.names)[classes]
    return Asked(previews, labels, np.full(count, "vae"), vectors, features)


def contributions(lists: Lists, settings: ValueSettings = SETTINGS) -> Float64:
    """Return V_ij of each generated image's contributors, (m, k)."""
    weights = value(lists, settings)[1].weights
    return lists.quality[:, None] * weights


def settling(
    lists: Lists, generator: str, sizes: Sequence[int], *, seed: int, draws: int = DRAWS
) -> list[dict[str, Any]]:
    """Return a row for each m: agreement with the values by half of the images, over draws.

    low and high: the range of the middle 95 % of draws, which overlap, so it is no confidence
    interval of the mean.
    """
    total, n = len(lists.quality), len(lists.codes.training)
    given = contributions(lists)
    rows = lists.candidates[:, : given.shape[1]]

    def phi(some: np.ndarray) -> Float64:
        there = rows[some] >= 0
        return np.bincount(rows[some][there], weights=given[some][there], minlength=n)

    half = total // 2
    found: dict[int, list[tuple[float, float, float]]] = {m: [] for m in sizes if m <= half}
    for draw in range(draws):
        order = np.random.default_rng([seed, draw]).permutation(total)
        judge = phi(order[half : 2 * half])
        for m, cells in found.items():
            mine = phi(order[:m])
            valued = 100 * float((mine > 0).mean())
            cells.append((rank_agreement(mine, judge), top_in_common(mine, judge), valued))
    return [{"generator": generator, **_row(m, half, np.array(c))} for m, c in found.items()]


def _row(m: int, half: int, cells: Float64) -> dict[str, Any]:
    low, high = np.quantile(cells, (0.025, 0.975), axis=0)
    mean = cells.mean(axis=0)
    told: dict[str, Any] = {"m": m, "against": half, "draws": len(cells)}
    for i, name in enumerate(("spearman", "top_in_common")):
        told |= {name: float(mean[i]), f"{name}_low": float(low[i]), f"{name}_high": float(high[i])}
    return {**told, "valued": float(mean[2])}
