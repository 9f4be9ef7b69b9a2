"""Candidate lists of generated images in memory, and what the ablations read off them.

Matched once with many candidates and all distances exact, so that every k, temperature and smaller
number of candidates is a choice among what is there, and no network runs again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from benchmarks.kit.datasets import BuiltSet
from benchmarks.truth.ablations.class_share import Asked, in_percent
from gmv_core import MatchSettings, ValueSettings, load_matcher
from gmv_core.measures.agreement import Coded, coded, shares
from gmv_core.measures.detection import Detection, detect
from gmv_core.method.value import HandedOut, add_values, hand_out, no_values, rank_from_bottom
from gmv_core.runs.stages import distances_to_generated
from gmv_core.types import Float32, Float64, Int64

TOP_SHARE = 0.01  # of the training images, by value: what two valuations are asked to agree on


@dataclass(frozen=True)
class Lists:
    """Candidates of m generated images among n training images, (m, R), nearest first, −1 for none.

    distances: (m, R) that order them. recall_rank, recall_distances: (m, R), of the embedding.
    quality: (m,). nearest: (n,) embedding distance to the nearest generated image.
    """

    candidates: Int64
    distances: Float32
    recall_rank: Int64
    recall_distances: Float32
    quality: Float64
    codes: Coded
    nearest: Float64


def matched(made: BuiltSet, asked: Asked, candidates: int, *, exact: int | None = None) -> Lists:
    """Match by the distance "features", the nearest `exact` of each (None: all) by the network."""
    depth = candidates if exact is None else exact
    matcher = load_matcher(
        made.training,
        made.training.manifest(),
        settings=MatchSettings(candidates, "features", "realism"),
        value=ValueSettings(k=-(-depth // 2)),
        side_px=min(asked.previews[0].shape[:2]),
    )
    found = matcher.match(asked.vectors, asked.features, asked.previews)
    stored = made.training.embeddings(made.embedder.key)
    return Lists(
        found.candidates,
        found.distance,
        found.recall_rank,
        found.recall_distance,
        matcher.quality(asked.vectors, asked.previews, np.arange(len(asked.previews))),
        coded(made.labels.tolist(), asked.labels.tolist()),
        distances_to_generated(stored, asked.vectors, len(made.labels))[0],
    )


def _ordered(lists: Lists, key: Float64, keep: int) -> Lists:
    """Order each row by a (m, R) key, ties as they stand, and keep the first."""
    order = np.argsort(key, axis=1, kind="stable")[:, :keep]
    names = ("candidates", "distances", "recall_rank", "recall_distances")
    return replace(lists, **{n: np.take_along_axis(getattr(lists, n), order, 1) for n in names})


def within(lists: Lists, candidates: int) -> Lists:
    """Return the lists as a recall of fewer candidates would have given them."""
    return _ordered(lists, (lists.recall_rank > candidates).astype(float), candidates)


def by_embedding(lists: Lists) -> Lists:
    """Return the lists without re-ranking, under the embedding's own distances."""
    found = _ordered(lists, lists.recall_rank.astype(float), lists.candidates.shape[1])
    return replace(found, distances=found.recall_distances)


def value(lists: Lists, settings: ValueSettings) -> tuple[Float64, HandedOut]:
    """Return φ, (n,), and how each generated image's quality is handed out."""
    handed = hand_out(lists.candidates, lists.distances, lists.quality, settings)
    values = add_values(no_values(len(lists.codes.training)), lists.candidates, handed)
    return values.value, handed


def class_share(lists: Lists, k: int, *, seed: int) -> dict[str, float]:
    """Return C1 at k with its interval, in %."""
    return in_percent(shares(lists.candidates, lists.codes, (k,)), seed=seed)[0]


def value_in_class(lists: Lists, settings: ValueSettings) -> float:
    """Return which part of all value goes to training images of the class asked for, in %."""
    handed = value(lists, settings)[1]
    same = lists.codes.training[handed.contributors] == lists.codes.generated[:, None]
    return round(100 * float((handed.credit * same).sum() / handed.credit.sum()), 2)


def noise_found(lists: Lists, noisy: np.ndarray, settings: ValueSettings) -> dict[str, float]:
    """Return C3: AUROC of the ranking from the bottom, its interval, and of its two parts alone."""
    phi = value(lists, settings)[0]
    order = rank_from_bottom(phi, lists.nearest)
    found: Detection = detect(order, phi, lists.nearest, noisy)
    told = {
        "auroc": found.auroc,
        "auroc_low": found.low,
        "auroc_high": found.high,
        "auroc_value_alone": found.by_value,
        "auroc_distance_alone": found.by_distance,
    }
    return {name: round(x, 4) for name, x in told.items()}


def rank_agreement(a: Float64, b: Float64) -> float:
    """Return Spearman's ρ of two valuations of the same training images, ties at their mean rank.

    Of lists that differ, all images are compared: to leave out those that both value at 0 would
    choose by either valuation, and pull ρ down.
    """
    return round(float(spearmanr(a, b).statistic), 4)


def top_in_common(a: Float64, b: Float64, share: float = TOP_SHARE) -> float:
    """Return which part of the most valuable images of one is among those of the other, in %."""
    count = max(1, round(share * len(a)))
    tops = [np.argsort(-x, kind="stable")[:count] for x in (a, b)]
    return round(100 * len(np.intersect1d(*tops)) / count, 2)


def contributors_in_common(a: Int64, b: Int64, k: int) -> float:
    """Return which part of the k contributors of one stand among those of the other, in %.

    a, b: (m, ≥ k) training rows, −1 for none.
    """
    pairs = zip(a[:, :k], b[:, :k], strict=True)
    shared = [len(np.intersect1d(x[x >= 0], y[y >= 0])) for x, y in pairs]
    return round(100 * float(np.mean(shared)) / k, 2)


def flat(rows: Sequence[dict[str, Any]], decimals: int = 3) -> list[dict[str, Any]]:
    """Return rows whose floats are rounded for a table."""
    return [
        {n: round(x, decimals) if isinstance(x, float) else x for n, x in row.items()}
        for row in rows
    ]
