"""C3: do noisy and foreign training images get low value?

Held against a column that marks known noise; and, without any marks, against whole classes: the
generated images of a class are left out, so that its training images are foreign to all others.
Such images are real pictures, so this is the harder test. Nothing here needs a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pandas as pd

from gmv_core.criteria import attributes, labels_of, statuses
from gmv_core.detection import Detection, detect
from gmv_core.errors import SettingsError
from gmv_core.noise import YES
from gmv_core.results import Result
from gmv_core.run_values import distances_to_generated
from gmv_core.spread import credits_of
from gmv_core.tables import all_vectors
from gmv_core.types import Float64
from gmv_core.value import rank_from_bottom

MOST_CLASSES = 20  # the largest; each costs a pass over the credits


def against_column(result: Result, column: str) -> Detection:
    """Hold the ranking from the bottom against a yes/no attribute column.

    Raises SettingsError where no image has that attribute.
    """
    known = attributes(result.training).get(column)
    if known is None:
        raise SettingsError(
            f"The set {result.training.name!r} has no attribute {column!r}; give the name of a "
            "column of its label CSV."
        )
    table = result.values_table(("id", "value", "mean_distance"))
    noisy = np.isin(np.array(known)[table["id"].to_numpy()], list(YES))
    return _detect(table, noisy)


def _detect(table: pd.DataFrame, noisy: np.ndarray) -> Detection:
    value, distance = table["value"].to_numpy(), table["mean_distance"].to_numpy(float)
    return detect(rank_from_bottom(value, distance), value, distance, noisy)


def held_out_classes(
    result: Result, distances: Mapping[str, Float64] | None = None
) -> pd.DataFrame:
    """Return a row a class of training images, the largest first: how low it stands as foreign.

    For each class, the generated images of that class are left out, and the ranking of what the
    others are worth is held against "is of this class". Columns: label, left_out (generated
    images), the fields of `Detection`, precision (at the number of its images). Empty without
    labels in both sets, or with one class alone.

    distances: `distances_without(result)`, which is the same for every distance and k.
    """
    if distances is None:
        distances = distances_without(result)
    made = labels_of(result.generated)
    table = result.values_table(("id", "value", "label"))
    credits, rows = credits_of(result), table["id"].to_numpy()
    found = []
    for label in distances:
        others = made[credits.generated] != label
        value = np.bincount(
            credits.training[others],
            weights=credits.value[others],
            minlength=len(result.training.images),
        )
        part = pd.DataFrame({"value": value[rows], "mean_distance": distances[label][rows]})
        detection = _detect(part, (table["label"] == label).to_numpy())
        row = {**asdict(detection), "precision": detection.precision[detection.known]}
        found.append({"label": label, "left_out": int((made == label).sum()), **row})
    return pd.DataFrame(found)


def distances_without(result: Result) -> dict[str, Float64]:
    """Return by class, largest first, each training image's mean distance to the generated others.

    Of MOST_CLASSES classes at most; of none where one of the sets has no labels, or one class.
    """
    made, trained = labels_of(result.generated), labels_of(result.training)
    known, counts = np.unique(trained[statuses(result.training)], return_counts=True)
    by_size = [label for label in known[np.argsort(-counts, kind="stable")] if label]
    if not any(made) or len(by_size) < 2:
        return {}
    labels = by_size[:MOST_CLASSES]
    embedder = result.manifest["inputs"]["matches"]["embedder"]
    training, n = result.training.embeddings(embedder), len(trained)
    ids, vectors = all_vectors(result.generated.embeddings(embedder))
    groups = np.where(np.isin(made[ids], labels), made[ids], "")
    sums = {}
    for group in set(groups):
        some = vectors[groups == group]
        sums[group] = len(some) * distances_to_generated(training, some, n)[1]
    total = np.sum(list(sums.values()), axis=0)
    left = {label: len(ids) - int((groups == label).sum()) for label in labels}
    return {label: (total - sums.get(label, 0)) / count for label, count in left.items() if count}
