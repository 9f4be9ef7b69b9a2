"""Two results side by side: shares of owners and labels, quality, standings; with differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.measures.bootstrap import mean_interval
from gmv_core.measures.paired import Parts, difference_intervals
from gmv_core.results.compared.pair import Pair
from gmv_core.results.shares import credits_of, group_shares
from gmv_core.store.columns import groups_of
from gmv_core.trust.intervals import share_difference_bounds
from gmv_core.trust.standing import STANDINGS
from gmv_core.types import OK, Int64


def credit_parts(pair: Pair, groups: tuple[Int64, Int64]) -> tuple[Parts, Parts]:
    """Return what the generated images of either result give to groups of training images.

    groups: the group of every training row of either set.
    """
    numbers = pair.generated_numbers()
    images = int(max(n.max(initial=-1) for n in numbers)) + 1
    parts = []
    for result, number, group in zip((pair.first, pair.second), numbers, groups, strict=True):
        credits = credits_of(result)
        image = number[credits.generated]
        whole = np.bincount(image, weights=credits.value, minlength=images).astype(np.float64)
        parts.append(Parts(image, group[credits.training], credits.value, whole))
    return parts[0], parts[1]


def shares_beside(pair: Pair, by: str, *, seed: int = 0) -> pd.DataFrame:
    """Return one row an owner, label or value of an attribute that either result has.

    by: as for `group_shares`. Columns: that; first, low_first, high_first and the same of the
    second: shares of the value with their 95 % intervals; images_first, images_second; difference
    (second less first), low and high: its 95 % interval, from the generated images of both, drawn
    together where they are the same. The largest share in either is first.
    """
    names = [groups_of(result.training, by) for result in (pair.first, pair.second)]
    codes, known = pd.factorize(np.concatenate(names))
    groups = codes[: len(names[0])], codes[len(names[0]) :]
    parts = credit_parts(pair, groups)
    low, high = share_difference_bounds(*parts, groups=len(known), seed=seed)
    table = pd.DataFrame({by: np.asarray(known, object), "low": low, "high": high})
    for which, result, of in zip(
        ("first", "second"), (pair.first, pair.second), parts, strict=True
    ):
        own = group_shares(result, by, seed=seed).set_index(by).reindex(table[by])
        table[which] = of.shares(len(known))
        table[f"low_{which}"] = own["low"].fillna(0.0).to_numpy()
        table[f"high_{which}"] = own["high"].fillna(0.0).to_numpy()
        table[f"images_{which}"] = own["images"].fillna(0).to_numpy(np.int64)
    table["difference"] = table["second"] - table["first"]
    table = table[(table["images_first"] > 0) | (table["images_second"] > 0)]
    order = table[["first", "second"]].max(axis=1).sort_values(ascending=False, kind="stable")
    columns = [by, "first", "second", "difference", "low", "high", "low_first", "high_first",
               "low_second", "high_second", "images_first", "images_second"]  # fmt: skip
    return table.loc[order.index, columns].reset_index(drop=True)


Interval = tuple[float, float, float]  # value, low, high
NONE: Interval = (float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Beside:
    """One figure of either result: value, low and high (95 %) each; nan for none.

    difference: second less first.
    """

    first: Interval
    second: Interval
    difference: Interval


def quality_beside(pair: Pair, *, seed: int = 0) -> Beside:
    """Return the mean quality of the generated images of either result.

    The difference is nan where the two were judged by different metrics.
    """
    numbers = pair.generated_numbers()
    images = int(max(n.max(initial=-1) for n in numbers)) + 1
    found, parts = [], []
    for number, table in zip(numbers, _generated(pair), strict=True):
        judged = np.isfinite(table["quality"].to_numpy(float))
        if not judged.any():
            return Beside(NONE, NONE, NONE)
        image, quality = number[judged], table["quality"].to_numpy(float)[judged]
        mean, low, high = mean_interval(quality[:, None], seed=seed)
        found.append((float(mean[0]), float(low[0]), float(high[0])))
        whole = np.bincount(image, minlength=images).astype(np.float64)
        parts.append(Parts(image, np.zeros(len(image), np.int64), quality, whole))
    if pair.first.manifest.judging.quality != pair.second.manifest.judging.quality:
        return Beside(found[0], found[1], NONE)
    low, high = difference_intervals(parts[0], parts[1], groups=1, seed=seed)
    return Beside(found[0], found[1], (found[1][0] - found[0][0], float(low[0]), float(high[0])))


def standings_beside(pair: Pair) -> pd.DataFrame:
    """Return how many generated images have each standing: standing, first, second.

    Without a row where either result was held against no unseen images.
    """
    counts = [table["standing"].value_counts() for table in _generated(pair)]
    known = [int(count.reindex(STANDINGS).fillna(0).sum()) for count in counts]
    table = pd.DataFrame({"standing": STANDINGS})
    for which, count in zip(("first", "second"), counts, strict=True):
        table[which] = count.reindex(STANDINGS).fillna(0).to_numpy(np.int64)
    return table if all(known) else table.head(0)


def _generated(pair: Pair) -> list[pd.DataFrame]:
    """Return quality and standing of the generated images of either, rejected ones without."""
    tables = [
        result.generated_table(("quality", "standing", "status"))
        for result in (pair.first, pair.second)
    ]
    return [
        table[["quality", "standing"]].where(table["status"] == OK, other=np.nan)
        for table in tables
    ]
