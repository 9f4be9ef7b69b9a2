"""What a quantized index costs the values: a part of the ablations.

Each index gives 100 candidates, as `benchmarks.speed.recall` makes and tunes it; they are re-ranked
by "features", all distances exact, and held against what exact search leads to.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from benchmarks.kit.datasets import BuiltSet
from benchmarks.speed.recall import kinds
from benchmarks.truth.ablations.class_share import Asked
from benchmarks.truth.ablations.lists import (
    Lists,
    class_share,
    contributors_in_common,
    rank_agreement,
    value,
)
from gmv_core import ValueSettings
from gmv_core.matching.matcher import embed_previews
from gmv_core.measures.agreement import coded
from gmv_core.method.recall import measured_recall
from gmv_core.method.rerank import pair_distances, sort_by_distance
from gmv_core.types import Float64


def by_index(
    made: BuiltSet, asked: Asked, quality: Float64, *, indexes: int, seed: int
) -> list[dict[str, Any]]:
    """Return a row for each of the first kinds of `speed.recall`: exact, sq8, pq, authors'."""
    k = ValueSettings().k
    ids = np.arange(len(made.vectors))
    found = {
        name: (search(asked.vectors), setting)
        for name, search, _, setting in islice(kinds(made, ids, made.vectors, seed=seed), indexes)
    }
    if asked.features is None:
        raise ValueError(f"the embedder {made.embedder.key} has no features")
    apart = pair_distances(  # all at once: most candidates are the same, and each costs a network
        asked.features,
        np.concatenate([lists for lists, _ in found.values()], axis=1),
        lambda rows: embed_previews(made.embedder, made.previews(rows))[1],
        squared=True,
    )
    codes = coded(made.labels.tolist(), asked.labels.tolist())
    nearest = np.zeros(len(ids))  # no ranking from the bottom here
    rows: list[dict[str, Any]] = []
    for (name, (first, setting)), d in zip(
        found.items(), np.split(apart, len(found), axis=1), strict=True
    ):
        candidates, distances, rank = sort_by_distance(first, d)
        lists = Lists(candidates, distances, rank + 1, distances, quality, codes, nearest)
        phi = value(lists, ValueSettings())[0]
        if not rows:
            truth, exact, reference = first, candidates, phi
        rows.append({
            "index": name,
            "setting": setting,
            "recall_at_100": measured_recall(first, truth),
            "without_rerank": class_share(replace(lists, candidates=first), k, seed=seed)["share"],
            **class_share(lists, k, seed=seed),
            "in_common": contributors_in_common(candidates, exact, k),
            "spearman": rank_agreement(phi, reference),
        })  # fmt: skip
    return rows
