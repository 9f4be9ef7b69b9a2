"""What changes in the values between two readings of a run, and what leaving images out costs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gmv_core.results.candidate_lists import blocks
from gmv_core.results.result import Result

ROUNDING = 1e-9  # the same contributions, added up in another order


def changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return one row a training image that both tables hold, in the order of `before`.

    before, after: with the columns training and value, as of `values_table`. Columns: those of
    `before` but value; value_before, value_after; rank_before, rank_after (1: the most valuable,
    equal values share the best rank, among the images of both); places (how many it rose).
    """
    both = before.merge(
        after[["training", "value"]], on="training", suffixes=("_before", "_after"), how="inner"
    )
    both = with_ranks(both)
    return both.assign(places=both["rank_before"] - both["rank_after"])


def with_ranks(both: pd.DataFrame) -> pd.DataFrame:
    """Return a table with rank_before and rank_after, of value_before and value_after.

    1: the most valuable; equal values share the best rank.
    """
    ranks = {
        f"rank_{when}": both[f"value_{when}"].rank(ascending=False, method="min").astype(int)
        for when in ("before", "after")
    }
    return both.assign(**ranks)


def with_and_without_weighting(result: Result, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the `changes` from values without quality weighting to values with it."""
    plain, weighted = (
        replace(result, settings=replace(result.settings, quality_weighting=on))
        for on in (False, True)
    )
    return changes(plain.values_table(columns), weighted.values_table(("training", "value")))


@dataclass(frozen=True)
class Moves:
    """How the values of the others change when training images are left out.

    held: what those left out were worth. others: how many images stay. before, after: what they
    are worth together. moved: their `changes` with the column change, those that change at all, the
    largest change first.
    """

    held: float
    others: int
    before: float
    after: float
    moved: pd.DataFrame


def moves(whole: Result, part: Result) -> Moves:
    """Return what changes from a whole result to the same one `leaving_out` some images."""
    table = whole.values_table(("id", "training", "value", "label", "owner"))
    told = changes(table, part.values_table(("training", "value")))
    told = told.assign(change=told["value_after"] - told["value_before"])
    size = told["change"].abs().sort_values(ascending=False, kind="stable")
    return Moves(
        float(table.loc[table["id"].isin(part.without), "value"].sum()),
        len(told),
        float(told["value_before"].sum()),
        float(told["value_after"].sum()),
        told.loc[size[size > ROUNDING].index],
    )


@dataclass(frozen=True)
class LeftOut:
    """What leaving training images out does to the candidate lists, in generated images.

    short: with fewer than k candidates left, so that a whole run could have found more.
    empty: with none left: their quality is handed out to nobody.
    estimated: whose k nearest were exact distances and now reach into estimated ones.
    stand_ins: in whose k nearest a near copy of one left out stands, at the distance of that one.
    """

    short: int
    empty: int
    estimated: int
    stand_ins: int = 0


def left_out(result: Result) -> LeftOut:
    """Count the candidate lists that `Result.leaving_out` has made too short."""
    short = empty = estimated = stand_ins = 0
    every = replace(result, without=frozenset())
    both = (blocks(one.run, one.without, one.basis) for one in (every, result))
    for whole, part in zip(*both, strict=True):
        had, left = ((block.matches.candidates >= 0).sum(axis=1) for block in (whole, part))
        depth = whole.matches.exact
        gone = np.isin(whole.matches.candidates[:, :depth], list(result.without)).sum(axis=1)
        exact = np.minimum(depth, had)
        k = np.minimum(result.settings.k, had)
        short += int((left < k).sum())
        empty += int(((left == 0) & (had > 0)).sum())
        estimated += int(((np.minimum(k, left) > exact - gone) & (k <= exact)).sum())
        if part.matches.stand_ins is not None:
            first = part.matches.stand_ins[:, : result.settings.k]
            stand_ins += int(first.any(axis=1).sum())
    return LeftOut(short, empty, estimated, stand_ins)
