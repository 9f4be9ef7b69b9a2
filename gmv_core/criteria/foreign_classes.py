"""C3: do noisy and foreign training images get low value?

Held against a column that marks known noise; and, without any marks, against whole classes: the
generated images of a class are left out, so that its training images are foreign to all others.
Such images are real pictures, so this is the harder test. Nothing here needs a model.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from gmv_core.measures.detection import detect
from gmv_core.method.pairwise import pairwise_distances
from gmv_core.method.value import rank_from_bottom
from gmv_core.results.result import Result
from gmv_core.results.shares import credits_of
from gmv_core.store.columns import labels_of, statuses, vectors_of
from gmv_core.types import Float64, Int64

MOST_CLASSES = 20  # the largest; each costs a pass over the credits
# An AUROC needs no more, and all pairs of 50,000 and 5,000 take half a minute.
MOST_TRAINING, MOST_GENERATED = 10_000, 1_000
_BLOCK = 2048


@dataclass(frozen=True)
class OneOut:
    """Distances to the nearest generated image, those of one class left out at a time.

    rows: (c,) training rows, rising: all, or MOST_TRAINING drawn at random.
    without: (c,) by class, the largest first, MOST_CLASSES at most.
    """

    rows: Int64
    without: dict[str, Float64]


def held_out_classes(result: Result, distances: OneOut | None = None) -> pd.DataFrame:
    """Return a row a class of training images, the largest first: how low it stands as foreign.

    For each class, the generated images of that class are left out, and the ranking of what the
    others are worth is held against "is of this class". Columns: label, left_out (generated
    images), the fields of `Detection`, precision (at the number of its images). Of a large set,
    MOST_TRAINING images drawn at random are ranked. Empty without labels in both sets, or with one
    class alone.

    distances: `distances_without(result)`, which is the same for every distance and k.
    """
    distances = distances or distances_without(result)
    made, trained = labels_of(result.generated), labels_of(result.training)
    ranked = np.isin(distances.rows, list(result.without), invert=True)
    rows = distances.rows[ranked]
    credits = credits_of(result)
    found = []
    for label, far in distances.without.items():
        others = made[credits.generated] != label
        worth = np.bincount(
            credits.training[others], weights=credits.value[others], minlength=len(trained)
        )
        value = worth[rows].astype(np.float64)
        order = rank_from_bottom(value, far[ranked])
        detection = detect(order, value, far[ranked], trained[rows] == label)
        at = detection.precision.get(detection.known, np.nan)
        row = {**asdict(detection), "precision": at}
        found.append({"label": label, "left_out": int((made == label).sum()), **row})
    return pd.DataFrame(found)


def distances_without(result: Result, *, seed: int = 0) -> OneOut:
    """Measure nearest embedding distances for `held_out_classes`, among MOST_GENERATED images.

    Of no class where one of the sets has no labels, or one class.
    """
    made, trained = labels_of(result.generated), labels_of(result.training)
    there = np.flatnonzero(statuses(result.training))
    known, counts = np.unique(trained[there], return_counts=True)
    labels = [label for label in known[np.argsort(-counts, kind="stable")] if label][:MOST_CLASSES]
    if not any(made) or len(labels) < 2:
        return OneOut(np.empty(0, np.int64), {})
    rng = np.random.default_rng(seed)
    rows = _some(there, MOST_TRAINING, rng)
    drawn = _some(np.flatnonzero(statuses(result.generated)), MOST_GENERATED, rng)
    embedder = result.manifest.matching.embedder
    generated = vectors_of(result.generated.embeddings(embedder), drawn)
    kept = {label: made[drawn] != label for label in labels}  # each (g,)
    without = {label: np.empty(len(rows)) for label in labels if kept[label].any()}
    squared = np.einsum("md,md->m", generated, generated)
    for first in range(0, len(rows), _BLOCK):
        part = slice(first, first + _BLOCK)
        training = vectors_of(result.training.embeddings(embedder), rows[part])
        own = np.einsum("nd,nd->n", training, training)
        d = pairwise_distances(training, generated, own, squared)  # (block, g)
        for label, nearest in without.items():
            nearest[part] = d[:, kept[label]].min(axis=1)
    return OneOut(rows, without)


def _some(rows: Int64, most: int, rng: np.random.Generator) -> Int64:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))
