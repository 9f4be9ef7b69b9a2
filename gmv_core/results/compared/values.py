"""Which training images rank differently in two results, and how alike the two rankings are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gmv_core.measures.paired import rank_correlation
from gmv_core.results.changes import changes
from gmv_core.results.compared.pair import ALIKE, Pair
from gmv_core.results.compared.shares import credit_parts
from gmv_core.results.shares import value_intervals

ABOUT = ("id", "training", "value", "label", "owner")


def correlation_of_values(pair: Pair, *, seed: int = 0) -> tuple[float, float, float]:
    """Return Spearman's correlation of the values in two results, low and high, 95 %.

    Of the training images that both have; see `measures.paired`. nan where those are fewer than
    three, or none earns in one of the two.
    """
    # What the images of one set alone earn goes to a last group, which is not compared.
    groups = [
        np.full(len(r.training.images), len(pair.training)) for r in (pair.first, pair.second)
    ]
    for group, rows in zip(groups, (pair.training.first, pair.training.second), strict=True):
        group[rows] = np.arange(len(rows))
    parts = credit_parts(pair, (groups[0], groups[1]))
    first, second = (part.below(len(pair.training)) for part in parts)
    return rank_correlation(first, second, groups=len(pair.training), seed=seed)


def movers(pair: Pair) -> pd.DataFrame:
    """Return the training images of both results whose share of the value differs, largest first.

    Columns: id, id_second (rows), training, training_second, label, owner; first and second (shares
    of all credit), difference (second less first), low_first, high_first, low_second, high_second
    (95 %), apart (whether these intervals are); rank_first, rank_second (1: the most valuable among
    the images of both, equal values share the best rank).
    """
    names = _names(pair)
    before = pair.first.values_table(ABOUT)
    after = pair.second.values_table(("id", "training", "value"))
    totals = [float(table["value"].sum()) for table in (before, after)]
    bounds = value_intervals(pair.first), value_intervals(pair.second)
    after = after.merge(names, on="id").rename(columns={"id": "id_second"})
    after = after.rename(columns={"training": "training_second", "name": "training"})
    table = changes(before, after[["training", "value"]]).merge(
        after[["training", "training_second", "id_second"]], on="training"
    )
    sides = zip(
        ("first", "second"), ("before", "after"), ("id", "id_second"), totals, bounds, strict=True
    )
    for which, when, row, total, (low, high) in sides:
        of = total if total > 0 else 1.0
        rows = table[row].to_numpy()
        table[which] = table[f"value_{when}"] / of
        table[f"low_{which}"], table[f"high_{which}"] = low[rows] / of, high[rows] / of
        table[f"rank_{which}"] = table[f"rank_{when}"]
    table["difference"] = table["second"] - table["first"]
    table["apart"] = (table["low_first"] > table["high_second"]) | (
        table["low_second"] > table["high_first"]
    )
    size = table["difference"].abs().sort_values(ascending=False, kind="stable")
    columns = ["id", "id_second", "training", "training_second", "label", "owner", "first",
               "second", "difference", "low_first", "high_first", "low_second", "high_second",
               "apart", "rank_first", "rank_second"]  # fmt: skip
    return table.loc[size[size > ALIKE].index, columns].reset_index(drop=True)


def _names(pair: Pair) -> pd.DataFrame:
    """Return id (in the second set) and name (in the first) of each image of both."""
    names = pair.first.training.images.read(["name"])["name"].to_numpy(zero_copy_only=False)
    return pd.DataFrame({"id": pair.training.second, "name": names[pair.training.first]})
