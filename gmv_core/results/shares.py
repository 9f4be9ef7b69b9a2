"""How value is spread: concentration over images, and shares of owners and labels with intervals.

Lorenz curve and Gini coefficient as in Gini (1912), of a finite population without correction:
one image that takes all gives (n − 1)/n. Intervals say what the shares would be had the model made
other images of the same kind: see `trust.intervals`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.measures.bootstrap import images_needed, rank_intervals
from gmv_core.method.value import Basis
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.result import Result
from gmv_core.store.columns import groups_of
from gmv_core.trust.intervals import share_bounds, value_bounds
from gmv_core.types import Float64, Int64


@dataclass(frozen=True)
class Credits:
    """Every contribution of a result, (c,) each: V_ij of training row i in generated row j."""

    generated: Int64
    training: Int64
    value: Float64


def credits_of(result: Result) -> Credits:
    """Return all contributions of a result under its settings."""
    parts, basis = [], result.basis
    for block in blocks(result.run, result.without, basis):
        handed = block.handed_out(result.settings, basis)
        j, i = np.nonzero(handed.contributors >= 0)
        parts.append((block.rows[j], handed.contributors[j, i], handed.credit[j, i]))
    credits = Credits(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return shared_credits(credits, basis)


def shared_credits(credits: Credits, basis: Basis) -> Credits:
    """Return what clusters get as what each of their members gets."""
    if basis.clusters is None or basis.members is None:
        return credits
    order = np.argsort(np.where(basis.members > 0, basis.clusters, -1), kind="stable")
    of = basis.clusters[order]
    start = np.searchsorted(np.where(basis.members[order] > 0, of, -1),
                            basis.clusters[credits.training])  # fmt: skip
    count = basis.members[credits.training]
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return Credits(
        np.repeat(credits.generated, count),
        order[np.repeat(start, count) + place],
        np.repeat(credits.value / np.maximum(count, 1), count),
    )


def group_shares(result: Result, by: str, *, seed: int = 0) -> pd.DataFrame:
    """Return one row an owner, label or value of an attribute, the most valuable first.

    by: "owner", "label" or an attribute. Columns: that, images, value, share_of_images,
    share_of_value, low and high: the 95 % interval of share_of_value; images_needed: so many
    generated images of this kind would bring it within 5 points on either side. Images without
    one are the group "".
    """
    table = result.values_table(("id", "value"))
    groups = groups_of(result.training, by)[table["id"].to_numpy()]
    return shares_of(table, groups, credits_of(result), seed=seed).rename(columns={"group": by})


def shares_of(
    values: pd.DataFrame, groups: np.ndarray, credits: Credits, *, seed: int = 0
) -> pd.DataFrame:
    """Return what `group_shares` does, with the column "group", from what it follows from.

    values: id and value of the training images that count, in order. groups: of each of them.
    """
    codes, names = pd.factorize(groups)
    ids = values["id"].to_numpy()
    group_of = np.full(max(ids.max(initial=-1), credits.training.max(initial=-1)) + 1, -1)
    group_of[ids] = codes
    low, high = share_bounds(
        credits.generated, group_of[credits.training], credits.value,
        groups=len(names), seed=seed,
    )  # fmt: skip
    made = len(np.unique(credits.generated))
    images = np.bincount(codes, minlength=len(names))
    value = np.bincount(codes, weights=values["value"], minlength=len(names))
    if len(names) == 1:  # all there is, whatever is generated
        low, high = np.sign(value), np.sign(value)
    shares = pd.DataFrame(
        {
            "group": np.asarray(names, object),
            "images": images,
            "value": value,
            "share_of_images": images / max(images.sum(), 1),
            "share_of_value": value / value.sum() if value.sum() > 0 else value,
            "low": low,
            "high": high,
            "images_needed": [images_needed(half, made) for half in (high - low) / 2],
        }
    )
    return shares.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def top_ranks(result: Result, *, top: int = 100, seed: int = 0) -> pd.DataFrame:
    """Return the training rows of the most value: id, rank, rank_low and rank_high (95 %).

    Rank 1 is the most valuable; the interval is from resampling the generated images.
    """
    credits = credits_of(result)
    rows, group = np.unique(credits.training, return_inverse=True)
    chosen, low, high = rank_intervals(
        credits.generated, group, credits.value, groups=len(rows), top=top, seed=seed
    )
    return pd.DataFrame({"id": rows[chosen], "rank": np.arange(1, len(chosen) + 1),
                         "rank_low": low, "rank_high": high})  # fmt: skip


def value_intervals(result: Result) -> tuple[Float64, Float64]:
    """Return low and high of the value of every training row, 95 %, (n,) each.

    Where it would lie had the model made other images of the same kind: see `trust.intervals`.
    """
    credits = credits_of(result)
    return value_bounds(credits.training, credits.value, len(result.training.images))
