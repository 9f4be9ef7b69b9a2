"""The criteria as tables, one row a line of the screen.

Cells are numbers, or a number with what belongs to it (`Share`, `Score`, `First`, `Of`); `shown` is
their one way to text, and is called last.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from gmv_core.criteria.same_kind import RUN, Agreement
from gmv_core.criteria.sentences import reads_as
from gmv_core.criteria.trials.findings import ComparisonFinding
from gmv_core.measures.detection import Detection
from gmv_core.words import STAGES, number, percent

BY_CHANCE = "random training images"


class Share(NamedTuple):
    """A share from 0 to 1, with its interval where it has one; None where no image counts."""

    share: float | None
    low: float | None = None
    high: float | None = None


class Score(NamedTuple):
    """An AUROC with its interval."""

    value: float
    low: float
    high: float


class First(NamedTuple):
    """A precision: which share of the first so many."""

    share: float
    first: int


class Of(NamedTuple):
    """So many of so many."""

    some: int
    whole: int


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of words."""
    return frame.map(_text)


def shown_in_a_line(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of words for a narrow screen: of all intervals that of the first k alone."""
    depths = [column for column in frame if column.startswith("k = ")]
    bare = frame.assign(**{k: [Share(cell.share) for cell in frame[k]] for k in depths})
    if depths:
        intervals = [f"({_interval(cell)})" for cell in frame[depths[0]]]
        bare.insert(bare.columns.get_loc(depths[0]) + 1, "interval", intervals)
    return shown(bare)


def _text(cell: object) -> object:
    match cell:
        case Share(None):
            return number(None)
        case Share(float(share), None, None):
            return percent(share)
        case Share(float(share)):
            return f"{percent(share)} ({_interval(cell)})"
        case Score(value, low, high):
            return f"{number(value)} ({number(low)}–{number(high)})"
        case First(share, first):
            return f"{percent(share)} of the first {first:,}" if first else number(None)
        case Of(some, whole):
            return f"{some:,} of {whole:,}"
        case float() | None:
            return number(cell)
    return cell


def _interval(share: Share) -> str:
    low, high = (None if end is None else 100 * end for end in (share.low, share.high))
    return f"{number(low)}–{number(high)}"


def shares_by_k(agreement: Agreement) -> pd.DataFrame:
    """Return a row an order and one for chance, a column a k."""
    rows = []
    for order in agreement.table["order"].unique():
        rows.append({"order": order, **_by_k(agreement.overall(order))})
    chance = {f"k = {row.k}": Share(row.by_chance) for row in agreement.overall().itertuples()}
    return pd.DataFrame([*rows, {"order": BY_CHANCE, **chance}])


def shares_by_value(agreement: Agreement, name: str) -> pd.DataFrame:
    """Return a row a value of the run's order, a column a k, beside the share by chance."""
    table = agreement.table
    table = table[(table["order"] == RUN) & (table["value"] != "")]
    return pd.DataFrame(
        [
            {name: value, "images": int(part["images"].iloc[0]), **_by_k(part),
             "by chance": Share(float(part["by_chance"].iloc[0]))}
            for value, part in table.groupby("value", sort=True)
        ]
    )  # fmt: skip


def _by_k(part: pd.DataFrame) -> dict[str, Share]:
    return {f"k = {row.k}": Share(row.share, row.low, row.high) for row in part.itertuples()}


def attribute_rows(agreements: dict[str, Agreement]) -> pd.DataFrame:
    """Return C2: a row an attribute and value of it, "all" first, a column a k."""
    parts = []
    for name, agreement in agreements.items():
        if agreement.images == 0:
            continue
        overall = agreement.overall()
        first = {"attribute": name, "value": "all", "images": agreement.images, **_by_k(overall),
                 "by chance": Share(float(overall["by_chance"].iloc[0]))}  # fmt: skip
        by_value = shares_by_value(agreement, "value")
        by_value.insert(0, "attribute", name)
        parts += [pd.DataFrame([first]), by_value]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def detection_row(name: str, found: Detection) -> dict[str, object]:
    """Return one noise test as a row of a table."""
    return {
        "test": name,
        "reads as": reads_as(found.auroc, found.low, found.by_distance),
        "noisy": Of(found.known, found.images),
        "AUROC": Score(found.auroc, found.low, found.high),
        "value alone": found.by_value,
        "distance alone": found.by_distance,
        "precision": First(found.precision.get(found.known, 0.0), found.known),
    }


def foreign_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the classes held out, a row a class; table: of `held_out_classes`."""
    found = list(table.itertuples())
    return pd.DataFrame(
        {
            "class": table["label"],
            "reads as": [reads_as(r.auroc, r.low, r.by_distance) for r in found],
            "its training images": [Of(r.known, r.images) for r in found],
            "generated images left out": table["left_out"],
            "AUROC": [Score(r.auroc, r.low, r.high) for r in found],
            "distance alone": table["by_distance"],
            "precision": [First(r.precision, r.known) for r in found],
            "by chance": [Share(r.known / r.images) for r in found],
        }
    )


def cost_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return C4, a row a stage; table: of `cost`."""
    return pd.DataFrame(
        {
            "of": table["what"],
            "stage": [STAGES.get(stage, stage).lower() for stage in table["stage"]],
            "seconds": table["seconds"],
            "ms a generated image": 1000 * table["per_generated"],
            "ms a training image": 1000 * table["per_training"],
            "memory, MB": table["memory_mb"],
        }
    )


def comparison_rows(finding: ComparisonFinding) -> pd.DataFrame:
    """Return the comparison: a row a distance and k."""
    rows = []
    for row in finding.rows:
        classes, attributes, seconds = row.classes, row.attributes_share, row.seconds_per_image
        rows.append(
            {
                "distance": row.distance,
                "k": row.k,
                "class": classes and Share(classes.share, classes.low, classes.high),
                "attributes": None if attributes is None else Share(attributes),
                "known noise (AUROC)": row.noise,
                "foreign classes (AUROC)": row.foreign,
                "ms a generated image": None if seconds is None else 1000 * seconds,
            }
        )
    return pd.DataFrame(rows)
