"""An owner's images in a run: the most valuable ones, and the generated images closest to them."""

from __future__ import annotations

import pandas as pd

from gmv_core.results.owners.answer import OWNER, rows_of
from gmv_core.results.result import Result
from gmv_core.results.shares import credits_of, value_intervals

CLOSEST = ("id", "generated", "share", "training", "training_id", "standing", "nearer_than",
           "quality")  # fmt: skip
GIVEN = ("generated", "id", "standing", "nearer_than", "quality")


def best_images(result: Result, name: str, by: str = OWNER) -> pd.DataFrame:
    """Return a group's images that earned anything, the most valuable first.

    Columns: id, training, value, value_low, value_high, times_contributor, label, owner.
    """
    columns = ("id", "training", "value", "times_contributor", "label", "owner")
    table = result.values_table(columns)
    own = table[table["id"].isin(rows_of(result, name, by)) & (table["value"] > 0)]
    low, high = value_intervals(result)
    own = own.assign(value_low=low[own["id"]], value_high=high[own["id"]])
    return own.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def closest_generated(result: Result, name: str, by: str = OWNER) -> pd.DataFrame:
    """Return the generated images that give a group credit, those that give it most first.

    Columns: CLOSEST. id: its row. share: of the image's credit that goes to the group. training,
    training_id: the group's image that gets most of it.
    """
    rows, credits = rows_of(result, name, by), credits_of(result)
    table = pd.DataFrame(
        {"id": credits.generated, "training_id": credits.training, "credit": credits.value}
    )
    total = table.groupby("id")["credit"].sum()
    own = table[table["training_id"].isin(rows) & (table["credit"] > 0)]
    own = own.sort_values("credit", ascending=False, kind="stable")
    most = own.groupby("id", sort=False).agg(credit=("credit", "sum"),
                                             training_id=("training_id", "first"))  # fmt: skip
    most["share"] = most["credit"] / total.loc[most.index]
    names = result.training.images.take(most["training_id"].to_numpy(), ["name"])["name"]
    most = most.assign(training=names.to_pylist()).reset_index()
    about = result.generated_table(GIVEN)
    found = most.merge(about, on="id", how="left")[list(CLOSEST)]
    order = ["share", "quality"]
    return found.sort_values(order, ascending=False, kind="stable").reset_index(drop=True)
