"""The criteria as tables, one row a line of the screen."""

from __future__ import annotations

import pandas as pd

from gmv_core.criteria.same_kind import RUN, Agreement
from gmv_core.criteria.sentences import or_none, precision_words, reads_as, with_interval
from gmv_core.criteria.trials.findings import Finding
from gmv_core.measures.detection import Detection
from gmv_core.words import STAGES, number, percent

BY_CHANCE = "random training images"


def shares_by_k(agreement: Agreement) -> pd.DataFrame:
    """Return a row an order and one for chance, a column a k."""
    rows = []
    for order in agreement.table["order"].unique():
        cells = {
            f"k = {row.k}": with_interval(row.share, row.low, row.high)
            for row in agreement.overall(order).itertuples()
        }
        rows.append({"order": order, **cells})
    chance = {f"k = {row.k}": percent(row.by_chance) for row in agreement.overall().itertuples()}
    return pd.DataFrame([*rows, {"order": BY_CHANCE, **chance}])


def shares_by_value(agreement: Agreement, name: str) -> pd.DataFrame:
    """Return a row a value of the run's order, a column a k, beside the share by chance."""
    table = agreement.table
    table = table[(table["order"] == RUN) & (table["value"] != "")]
    rows = []
    for value, part in table.groupby("value", sort=True):
        cells = {
            f"k = {row.k}": with_interval(row.share, row.low, row.high) for row in part.itertuples()
        }
        first = part.iloc[0]
        rows.append(
            {name: value, "images": int(first["images"]), **cells,
             "by chance": percent(float(first["by_chance"]))}
        )  # fmt: skip
    return pd.DataFrame(rows)


def shares_in_a_line(table: pd.DataFrame, agreement: Agreement) -> pd.DataFrame:
    """Return a table of shares by k for a narrow screen: the interval of the first k alone.

    table: of `shares_by_value` or `attribute_rows`, of this agreement or of ones with its depths.
    """
    depths = [f"k = {k}" for k in agreement.overall()["k"]]
    first = table[depths[0]].str.split(" (", n=1, regex=False).str
    narrow = table.assign(**{k: table[k].str.split(" (", n=1, regex=False).str[0] for k in depths})
    narrow.insert(narrow.columns.get_loc(depths[0]) + 1, "interval", "(" + first[1])
    return narrow


def attribute_rows(agreements: dict[str, Agreement]) -> pd.DataFrame:
    """Return C2: a row an attribute and value of it, "all" first, a column a k."""
    parts = []
    for name, agreement in agreements.items():
        overall = shares_by_k(agreement)
        if agreement.images == 0:
            continue
        chance = overall.iloc[-1].iloc[1]
        first = {"attribute": name, "value": "all", "images": agreement.images,
                 **overall.iloc[0].drop("order").to_dict(), "by chance": chance}  # fmt: skip
        by_value = shares_by_value(agreement, "value")
        by_value.insert(0, "attribute", name)
        parts += [pd.DataFrame([first]), by_value]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def detection_row(name: str, found: Detection) -> dict[str, object]:
    """Return one noise test as a row of a table."""
    return {
        "test": name,
        "reads as": reads_as(found.auroc, found.low, found.by_distance),
        "noisy": f"{found.known:,} of {found.images:,}",
        "AUROC": f"{number(found.auroc)} ({number(found.low)}–{number(found.high)})",
        "value alone": number(found.by_value),
        "distance alone": number(found.by_distance),
        "precision": precision_words(found),
    }


def foreign_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the classes held out as a table of words."""
    return pd.DataFrame(
        {
            "class": table["label"],
            "reads as": [reads_as(r.auroc, r.low, r.by_distance) for r in table.itertuples()],
            "its training images": [f"{r.known:,} of {r.images:,}" for r in table.itertuples()],
            "generated images left out": table["left_out"],
            "AUROC": [
                f"{number(r.auroc)} ({number(r.low)}–{number(r.high)})" for r in table.itertuples()
            ],
            "distance alone": [number(d) for d in table["by_distance"]],
            "precision": [
                f"{percent(r.precision)} of the first {r.known:,}" for r in table.itertuples()
            ],
            "by chance": [percent(r.known / r.images) for r in table.itertuples()],
        }
    )


def cost_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return C4 as a table of words."""
    return pd.DataFrame(
        {
            "of": table["what"],
            "stage": [STAGES.get(stage, stage).lower() for stage in table["stage"]],
            "seconds": [number(s) for s in table["seconds"]],
            "ms a generated image": [number(1000 * s) for s in table["per_generated"]],
            "ms a training image": [number(1000 * s) for s in table["per_training"]],
            "memory, MB": [number(mb) for mb in table["memory_mb"]],
        }
    )


def comparison_rows(finding: Finding) -> pd.DataFrame:
    """Return the comparison as a table of words: a row a distance and k."""
    rows = []
    for row in finding["rows"]:
        classes = row["classes"]
        rows.append(
            {
                "distance": row["distance"],
                "k": row["k"],
                "class": "–" if classes is None
                else with_interval(classes["share"], classes["low"], classes["high"]),
                "attributes": or_none(row["attributes_share"], percent),
                "known noise (AUROC)": or_none(row["noise"], number),
                "foreign classes (AUROC)": or_none(row["foreign"], number),
                "ms a generated image": number(1000 * row["seconds_per_image"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
