"""The criteria as tables and sentences for people: what the page and the command line both show."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from gmv_core.criteria import RECALL, RUN, Agreement
from gmv_core.criteria_files import Finding
from gmv_core.measures.detection import Detection
from gmv_core.words import number, percent

BY_CHANCE = "random training images"
STAGES = {
    "embed": "reading and embedding",
    "index": "indexing",
    "matches": "matching",
    "quality": "judging quality",
    "values": "valuing",
}
FOUND = ((0.9, "found"), (0.7, "partly found"), (0.0, "hardly found"))  # by AUROC; a choice
LIMITS = (
    "Agreement of classes is not influence: it says that contributors look like the right kind, "
    "not that the model learned from them.",
    "Labels are what was asked of the generator: where it drew something else, the share falls "
    "though the contributors may be right.",
    "Heavy noise is an outlier test: distance alone finds it, without attributing anything. Mild "
    "noise and whole foreign classes ask for more.",
    "Low value finds images unlike the generated ones. It finds neither wrong labels nor near "
    "copies, and less of everything where the generated images are poor.",
    "Only retraining without an image shows what it did to the model, and nothing here retrains. "
    "Where it was measured (a VAE on Fashion-MNIST), values predicted it weakly, and no better "
    "than the class label alone.",
)


def _or_none(value: float | None, words: Callable[[float], str]) -> str:
    return "–" if value is None else words(value)


def with_interval(share: float, low: float, high: float) -> str:
    """Return a share from 0 to 1 with its interval in percent."""
    return f"{percent(share)} ({number(100 * low)}–{number(100 * high)})"


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


def counted(agreement: Agreement, what: str) -> list[str]:
    """Say which generated images count and which do not. what: "class", or an attribute."""
    images = agreement.images
    said = [f"{images:,} generated image{'' if images == 1 else 's'} count."]
    if images == 1:
        said = ["One generated image counts: its share is no estimate, and has no interval."]
    if agreement.without_value:
        said.append(f"{agreement.without_value:,} have no {what}.")
    if agreement.unknown_value:
        names = ", ".join(agreement.unknown[:5])
        more = " …" if len(agreement.unknown) > 5 else ""
        said.append(
            f"{agreement.unknown_value:,} have a {what} that no training image has ({names}{more})."
        )
    if agreement.all_alike:
        said.append(
            f"At k = {agreement.table['k'].max()} every order takes all candidates, and all agree."
        )
    if agreement.rejected:
        said.append(f"{agreement.rejected:,} could not be matched.")
    if agreement.unvalued_training:
        said.append(
            f"{agreement.unvalued_training:,} training images have no {what}; as contributors "
            "they count as of another one."
        )
    return said


def class_verdict(agreement: Agreement) -> str:
    """Say what C1 says, at the k nearest to 10."""
    at = _row_near(agreement.overall())
    better = "more than" if at.low > at.by_chance else "not clearly more than"
    others = agreement.overall(RECALL)
    recalled = others[others["k"] == at.k]["share"]
    without = f" Without re-ranking it is {percent(recalled.iloc[0])}." if len(recalled) else ""
    return (
        f"{percent(at.share)} of the {at.k} closest training images have the class of their "
        f"generated image (95 % interval {number(100 * at.low)}–{number(100 * at.high)} %), "
        f"{better} the {percent(at.by_chance)} that random training images would reach.{without}"
    )


def _row_near(table: pd.DataFrame, k: int = 10) -> pd.Series:
    found: pd.Series = table.iloc[(table["k"] - k).abs().argsort(kind="stable").iloc[0]]
    return found


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


def reads_as(auroc: float | None, low: float | None, by_distance: float | None) -> str:
    """Say in words what an AUROC means, beside that of the distance alone."""
    if auroc is None or low is None or by_distance is None or auroc != auroc:
        return "nothing to tell apart"
    if low <= 0.5:
        return "not found: as by chance"
    found = next(word for least, word in FOUND if auroc >= least)
    return f"{found}, by distance alone as well" if by_distance >= low else found


def precision_words(found: Detection) -> str:
    """Return the precision at as many as are known."""
    if not found.known:
        return "–"
    return f"{percent(found.precision[found.known])} of the first {found.known:,}"


def injection_name(finding: Finding) -> str:
    """Return what an injection did, in words."""
    amount = float(finding["strength"])
    how = {
        "noise": f"noise, σ = {number(amount)}",
        "blur": f"blur, {percent(amount)} of the side",
        "foreign": f"images of {finding['source_set']}",
    }[finding["kind"]]
    stale = " (of an earlier state of the run)" if finding["stale"] else ""
    return f"{how}, in {percent(float(finding['share']))} of the images{stale}"


def detection_of(finding: Finding) -> Detection:
    """Return the score that a finding holds."""
    fields = Detection.__dataclass_fields__
    kept = {key: finding[key] for key in fields if key != "precision"}
    return Detection(**kept, precision={int(k): p for k, p in finding["precision"].items()})


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
            "stage": [STAGES.get(stage, stage) for stage in table["stage"]],
            "seconds": [number(s) for s in table["seconds"]],
            "ms a generated image": [number(1000 * s) for s in table["per_generated"]],
            "ms a training image": [number(1000 * s) for s in table["per_training"]],
            "memory, MB": [number(mb) for mb in table["memory_mb"]],
        }
    )


def comparison_verdict(finding: Finding) -> str:
    """Say which distance agrees most on classes at the first k, and whether clearly."""
    rows = [r for r in finding["rows"] if r["k"] == finding["ks"][0] and r["classes"]]
    rows = [r for r in rows if r["classes"]["share"] is not None]
    if len(rows) < 2:
        return ""
    rows.sort(key=lambda r: -r["classes"]["share"])
    best, others = rows[0], rows[1:]
    near = [r["distance"] for r in others if r["classes"]["high"] >= best["classes"]["low"]]
    clearly = (
        f"but the interval overlaps with that of {', '.join(near)}"
        if near
        else "clearly more than every other distance"
    )
    return (
        f"At k = {best['k']}, {best['distance']} has the highest class share "
        f"({percent(best['classes']['share'])}), {clearly}."
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
                "attributes": _or_none(row["attributes_share"], percent),
                "known noise (AUROC)": _or_none(row["noise"], number),
                "foreign classes (AUROC)": _or_none(row["foreign"], number),
                "ms a generated image": number(1000 * row["seconds_per_image"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
