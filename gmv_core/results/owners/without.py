"""What the other owners get without one: counted again from the stored lists, without a model."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from gmv_core.results.owners.answer import OWNER, rows_of
from gmv_core.results.result import Result
from gmv_core.results.shares import group_shares


def shares_without(
    result: Result, name: str, by: str = OWNER, *, shares: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what each other group gets with and without the images of one, largest change first.

    Columns: by, share_of_value (without it, of what the others get then), before (of the same
    others, with it), change, low and high: the interval of share_of_value. shares: as for
    `owner_answer`. Every list moves up; where too few candidates are left, see
    `results.changes.left_out`.
    """
    whole = group_shares(result, by) if shares is None else shares
    rows = rows_of(result, name, by)
    part = group_shares(replace(result, without=result.without | frozenset(rows.tolist())), by)
    others = whole[whole[by] != name].set_index(by)["value"]
    before = others / others.sum() if others.sum() > 0 else others
    table = part[[by, "share_of_value", "low", "high"]]
    table = table.assign(before=before.reindex(table[by]).fillna(0.0).to_numpy())
    table = table.assign(change=table["share_of_value"] - table["before"])
    order = table["change"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)
