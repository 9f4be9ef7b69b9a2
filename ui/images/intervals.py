"""How sure the value of one training image is, in words."""

from __future__ import annotations

from gmv_core import Result
from gmv_core.words import number
from ui.doors import readings
from ui.widgets.browse import Row


def interval(result: Result, about: Row) -> str:
    """Return the interval of an image's value and, among the first hundred, of its rank."""
    if not about["value"] > 0:
        return ""
    table, ranks = readings.with_intervals(result), readings.top_ranks(result)
    row = table[table["id"] == about["id"]].iloc[0]
    told = f" ({number(row['value_low'])} to {number(row['value_high'])})"
    if about["id"] in ranks.index:
        rank = ranks.loc[about["id"]]
        told += f", rank {rank['rank']:,} ({rank['rank_low']:,} to {rank['rank_high']:,})"
    return told
