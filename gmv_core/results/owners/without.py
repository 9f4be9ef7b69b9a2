"""What the other owners get without one: counted again from the stored lists, without a model."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from gmv_core.results.changes import left_out
from gmv_core.results.owners.grouped import OWNER, Grouped
from gmv_core.results.result import Result
from gmv_core.results.shares import group_shares
from gmv_core.words import counted


def shares_without(
    result: Result, name: str, by: str = OWNER, *, of: Grouped | None = None
) -> pd.DataFrame:
    """Return what each other group gets with and without the images of one, largest change first.

    Columns: by, share_of_value (without it, of what the others get then), before (of the same
    others, with it), change, low and high: the interval of share_of_value. of: as for
    `owner_answer`. Every list moves up; where too few candidates are left, `short_sentence` says.
    """
    of = of or Grouped(result, by)
    part, whole = group_shares(result_without(of, name), by), of.shares
    others = whole[whole[by] != name].set_index(by)["value"]
    before = others / others.sum() if others.sum() > 0 else others
    table = part[[by, "share_of_value", "low", "high"]]
    table = table.assign(before=before.reindex(table[by]).fillna(0.0).to_numpy())
    table = table.assign(change=table["share_of_value"] - table["before"])
    order = table["change"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def short_sentence(result: Result, name: str, by: str = OWNER, *, of: Grouped | None = None) -> str:
    """Say in how many generated images too few candidates are left without a group, "" for none.

    of: as for `owner_answer`.
    """
    told = left_out(result_without(of or Grouped(result, by), name))
    if not told.short:
        return ""
    none = f", {told.empty:,} of them none, which give nothing" if told.empty else ""
    have = "has" if told.short == 1 else "have"
    return (
        f"{counted(told.short, 'generated image')} {have} fewer than {result.settings.k} "
        f"candidates left without them{none}. Valued anew against a set without these images, the "
        "others would get that, too."
    )


def result_without(of: Grouped, name: str) -> Result:
    """Return the result as if a group's images had not been in the set."""
    result = of.result
    return replace(result, without=result.without | frozenset(of.rows(name).tolist()))
