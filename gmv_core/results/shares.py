"""How value is spread: concentration over images, and shares of owners and labels with intervals.

Lorenz curve and Gini coefficient as in Gini (1912), of a finite population without correction:
one image that takes all gives (n − 1)/n. Intervals are percentile bootstrap (Efron 1979) over the
generated images: what the shares would be had the model made other images of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.measures.bootstrap import RESAMPLES, resampled_intervals, share_intervals
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.result import Result
from gmv_core.types import Float64, Int64


@dataclass(frozen=True)
class Credits:
    """Every contribution of a result, (c,) each: V_ij of training row i in generated row j."""

    generated: Int64
    training: Int64
    value: Float64


def credits_of(result: Result) -> Credits:
    """Return all contributions of a result under its settings."""
    parts = []
    for block in blocks(result.run, result.without):
        handed = block.handed_out(result.settings)
        j, i = np.nonzero(handed.contributors >= 0)
        parts.append((block.rows[j], handed.contributors[j, i], handed.credit[j, i]))
    return Credits(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def group_shares(result: Result, by: str, *, seed: int = 0) -> pd.DataFrame:
    """Return one row an owner or label, the most valuable first.

    by: "owner" or "label". Columns: that, images, value, share_of_images, share_of_value, low and
    high: the 95 % interval of share_of_value. Images without one are the group "".
    """
    table = result.values_table(("id", "value", by))
    codes, groups = pd.factorize(table[by].fillna(""))
    group_of = np.full(len(result.training.images), -1)
    group_of[table["id"].to_numpy()] = codes
    credits = credits_of(result)
    low, high = share_intervals(
        credits.generated, group_of[credits.training], credits.value,
        groups=len(groups), seed=seed,
    )  # fmt: skip
    images = np.bincount(codes, minlength=len(groups))
    value = np.bincount(codes, weights=table["value"], minlength=len(groups))
    shares = pd.DataFrame(
        {
            by: np.asarray(groups, object),
            "images": images,
            "value": value,
            "share_of_images": images / max(images.sum(), 1),
            "share_of_value": value / value.sum() if value.sum() > 0 else value,
            "low": low,
            "high": high,
        }
    )
    return shares.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def value_intervals(result: Result, *, seed: int = 0) -> tuple[Float64, Float64]:
    """Return low and high of the value of every training row, (n,) each, drawn as for shares.

    An image without value has 0 and 0: its interval only knows the generated images that there are.
    """
    credits = credits_of(result)
    rows, group = np.unique(credits.training, return_inverse=True)
    found = resampled_intervals(
        credits.generated, group, credits.value, len(rows), RESAMPLES, seed, of_total=False
    )
    low, high = np.zeros((2, len(result.training.images)))
    low[rows], high[rows] = found
    return low, high
