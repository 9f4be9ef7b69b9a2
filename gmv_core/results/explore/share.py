"""What a selection of training images is worth: its share of the value, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.measures.bootstrap import images_needed
from gmv_core.results.result import Result
from gmv_core.results.shares import credits_of
from gmv_core.trust.intervals import share_bounds
from gmv_core.types import Int64


@dataclass(frozen=True)
class SelectionShare:
    """images: of the selection, that count. low, high: the 95 % interval of share_of_value.

    images_needed: so many generated images would bring it within 5 points on either side.
    """

    images: int
    value: float
    share_of_images: float
    share_of_value: float
    low: float
    high: float
    images_needed: int


def share_of(
    result: Result, rows: Int64, *, values: pd.DataFrame | None = None, seed: int = 0
) -> SelectionShare:
    """Return what training rows are worth together, as `results.shares.group_shares` does owners.

    Rejected images, and those that the result leaves out, do not count. values: with id and value,
    of `values_table` or `noisy`, where they are at hand: for a million they take 0.3 s.
    """
    table = result.values_table(("id", "value")) if values is None else values
    chosen = np.zeros(len(result.training.images), np.int64)
    chosen[rows] = 1
    ours = chosen[table["id"].to_numpy()] == 1
    value, whole = float(table["value"][ours].sum()), float(table["value"].sum())
    credits = credits_of(result)
    low, high = share_bounds(
        credits.generated, chosen[credits.training], credits.value, groups=2, seed=seed
    )
    if not ours.any() or ours.all():  # whatever is generated
        low = high = np.full(2, float(ours.any() and whole > 0))
    made = max(1, len(np.unique(credits.generated)))
    return SelectionShare(
        images=int(ours.sum()),
        value=value,
        share_of_images=float(ours.mean()) if len(ours) else 0.0,
        share_of_value=value / whole if whole > 0 else 0.0,
        low=float(low[1]),
        high=float(high[1]),
        images_needed=images_needed(float(high[1] - low[1]) / 2, made),
    )
