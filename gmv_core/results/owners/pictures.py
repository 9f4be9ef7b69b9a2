"""An owner's images in a run: the most valuable ones, and the generated images closest to them."""

from __future__ import annotations

import pandas as pd

from gmv_core.results.owners.grouped import OWNER, Grouped
from gmv_core.results.result import Result

CLOSEST = ("id", "generated", "share", "training", "training_id", "standing", "nearer_than",
           "quality")  # fmt: skip
COPIES = ("id", "training", "other_id", "other", "other_group")


def best_images(
    result: Result, name: str, by: str = OWNER, *, of: Grouped | None = None
) -> pd.DataFrame:
    """Return a group's images that earned anything, the most valuable first.

    Columns: id, training, value, value_low, value_high, times_contributor, label, owner. of: as for
    `owner_answer`.
    """
    of = of or Grouped(result, by)
    own = of.table.loc[of.rows(name)]
    own, (low, high) = own[own["value"] > 0], of.intervals
    own = own.assign(value_low=low[own["id"]], value_high=high[own["id"]])
    return own.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def closest_generated(
    result: Result, name: str, by: str = OWNER, *, of: Grouped | None = None
) -> pd.DataFrame:
    """Return the generated images that give a group credit, those that give it most first.

    Columns: CLOSEST. id: its row. share: of the image's credit that goes to the group. training,
    training_id: the group's image that gets most of it. of: as for `owner_answer`.
    """
    of = of or Grouped(result, by)
    of.rows(name)
    own, given = of.credits(name)
    own = own.sort_values("credit", ascending=False, kind="stable")
    most = own.groupby("id", sort=False).agg(credit=("credit", "sum"),
                                             training_id=("training_id", "first"))  # fmt: skip
    most["share"] = most["credit"] / given[most.index]
    most = most.assign(training=of.table["training"].loc[most["training_id"]].to_numpy())
    found = most.reset_index().merge(of.given, on="id", how="left")[list(CLOSEST)]
    # Rounded: equal shares must not be ordered by the last bit of a sum, but by quality.
    order = found.assign(share=found["share"].round(9)).sort_values(
        ["share", "quality"], ascending=False, kind="stable"
    )
    return found.loc[order.index].reset_index(drop=True)


def copies_elsewhere(
    result: Result, name: str, by: str = OWNER, *, of: Grouped | None = None
) -> pd.DataFrame:
    """Return a group's images that have a near copy among the images of another, with that one.

    Columns: COPIES; a row a pair, in the order of the set. other_id, other, other_group: the copy
    and whose it is. Empty where there are none, and where none were looked for. of: as for
    `owner_answer`.
    """
    of = of or Grouped(result, by)
    rows = of.rows(name)
    if of.elsewhere is None:
        return pd.DataFrame(columns=list(COPIES))
    own = rows[of.elsewhere[rows]]
    members = of.members_of(own)
    about = of.table["training"]
    pairs = members[members["id"].isin(own)].merge(members[members["group"] != name], on="cluster",
                                                   suffixes=("", "_other"))  # fmt: skip
    return pd.DataFrame(
        {
            "id": pairs["id"],
            "training": about.loc[pairs["id"]].to_numpy(),
            "other_id": pairs["id_other"],
            "other": about.loc[pairs["id_other"]].to_numpy(),
            "other_group": pairs["group_other"],
        }
    )
