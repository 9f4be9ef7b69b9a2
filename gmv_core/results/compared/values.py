"""Which training images rank differently in two results, and how alike the two rankings are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gmv_core.measures.paired import Parts, rank_correlation, share_changes
from gmv_core.results.changes import with_ranks
from gmv_core.results.compared.pair import ALIKE, Pair
from gmv_core.results.compared.shares import credit_parts
from gmv_core.results.result import Result
from gmv_core.results.shares import value_intervals
from gmv_core.trust.intervals import difference_bounds
from gmv_core.types import Float64


def correlation_of_values(pair: Pair, *, seed: int = 0) -> tuple[float, float, float]:
    """Return Spearman's correlation of the values in two results, low and high, 95 %.

    Of the training images that both have; see `measures.paired`. nan where those are fewer than
    three, or none earns in one of the two.
    """
    first, second = _parts_in_common(pair)
    return rank_correlation(first, second, groups=len(pair.training), seed=seed)


def _parts_in_common(pair: Pair) -> tuple[Parts, Parts]:
    """Return what the training images of both earn, numbered as `pair.training` has them."""
    # What the images of one set alone earn goes to a last group, which is not compared.
    groups = [
        np.full(len(r.training.images), len(pair.training)) for r in (pair.first, pair.second)
    ]
    for group, rows in zip(groups, (pair.training.first, pair.training.second), strict=True):
        group[rows] = np.arange(len(rows))
    first, second = credit_parts(pair, (groups[0], groups[1]))
    return first.below(len(pair.training)), second.below(len(pair.training))


def movers(pair: Pair) -> pd.DataFrame:
    """Return the training images of both results whose share of the value differs, largest first.

    Columns: id, id_second (rows), training, training_second, label, owner; first and second (shares
    of all credit), difference (second less first), low and high: its 95 % interval, from the
    generated images of both, taken together where they are the same (see `trust.intervals`);
    low_first, high_first, low_second, high_second (95 %); rank_first, rank_second (1: the most
    valuable among the images of both, equal values share the best rank).
    """
    results, rows = (pair.first, pair.second), (pair.training.first, pair.training.second)
    values = [_values(result) for result in results]
    table = with_ranks(
        pd.DataFrame(
            {
                "id": rows[0],
                "id_second": rows[1],
                "value_before": values[0][rows[0]],
                "value_after": values[1][rows[1]],
            }
        )
    )
    for i, (which, when) in enumerate((("first", "before"), ("second", "after"))):
        total = values[i].sum()
        of = total if total > 0 else 1.0
        low, high = value_intervals(results[i])
        table[which] = table[f"value_{when}"] / of
        table[f"low_{which}"], table[f"high_{which}"] = low[rows[i]] / of, high[rows[i]] / of
        table[f"rank_{which}"] = table[f"rank_{when}"]
    table["difference"] = table["second"] - table["first"]
    changed = share_changes(*_parts_in_common(pair), groups=len(pair.training))
    low, high = difference_bounds(*changed, len(pair.training))
    table["low"], table["high"] = low, high
    size = table["difference"].abs().sort_values(ascending=False, kind="stable")
    table = table.loc[size[size > ALIKE].index].reset_index(drop=True)
    # Few move among a million, and only their names are looked up.
    about = _about(pair.first, table["id"])
    names = _about(pair.second, table["id_second"])["name"]
    table = table.assign(
        training=about["name"], training_second=names, label=about["label"], owner=about["owner"]
    )
    columns = ["id", "id_second", "training", "training_second", "label", "owner", "first",
               "second", "difference", "low", "high", "low_first", "high_first", "low_second",
               "high_second", "rank_first", "rank_second"]  # fmt: skip
    return table[columns]


def _values(result: Result) -> Float64:
    """Return the value of every training row, 0 of those that do not count."""
    table, values = result.values_table(("id", "value")), np.zeros(len(result.training.images))
    values[table["id"]] = table["value"]
    return values


def _about(result: Result, rows: pd.Series) -> pd.DataFrame:
    found = result.training.images.read(["name", "label", "owner"])
    return found.take(rows.to_numpy()).to_pandas()
