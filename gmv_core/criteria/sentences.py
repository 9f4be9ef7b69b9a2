"""The criteria as tables and sentences for people: what the page and the command line both show."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from gmv_core.criteria.same_kind import RECALL, Agreement
from gmv_core.criteria.trials.findings import ComparisonFinding, InjectionFinding
from gmv_core.measures.detection import Detection
from gmv_core.words import number, percent

FOUND = ((0.9, "found"), (0.7, "partly found"), (0.0, "hardly found"))  # by AUROC; a choice
LIMITS = (
    "Agreement of classes is not influence: it says that contributors look like the right kind, "
    "not that the model learned from them.",
    "Labels are what was requested of the generator: where it drew something else, the share falls "
    "though the contributors may be right.",
    "Heavy noise is an outlier test: distance alone finds it, without attributing anything. Mild "
    "noise and whole foreign classes ask for more.",
    "Low value finds images unlike the generated ones. It finds neither wrong labels nor near "
    "copies, and less of everything where the generated images are poor.",
    "Only retraining without an image shows what it did to the model, and nothing here retrains. "
    "Where it was measured (a VAE on Fashion-MNIST), values predicted it weakly, and no better "
    "than the class label alone.",
)


def counted(agreement: Agreement, what: str) -> list[str]:
    """Say which generated images count and which do not. what: "class", or an attribute."""
    images = agreement.images
    said = [f"{images:,} generated images count."]
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


def attribute_verdicts(agreements: Mapping[str, Agreement]) -> list[str]:
    """Say what C2 says of each attribute, at the k nearest to 10."""
    said = []
    for name, agreement in agreements.items():
        if not agreement.images:
            continue
        at = _row_near(agreement.overall())
        better = "more than" if at.low > at.by_chance else "not clearly more than"
        said.append(
            f"{name}: {percent(at.share)} of the {at.k} closest agree (95 % interval "
            f"{number(100 * at.low)}–{number(100 * at.high)} %), {better} the "
            f"{percent(at.by_chance)} of random training images."
        )
    return said


def noise_verdict(name: str, found: Detection) -> str:
    """Say what C3 says of one kind of known noise."""
    reads = reads_as(found.auroc, found.low, found.by_distance)
    if not 0 < found.known < found.images:
        return f"{name}: {reads}."
    return (
        f"{name}: {reads}. AUROC {number(found.auroc)} (95 % interval {number(found.low)}–"
        f"{number(found.high)}; chance 0.5)."
    )


def foreign_verdict(table: pd.DataFrame) -> str:
    """Say how many classes are found when they are foreign. table: of `held_out_classes`."""
    read = [reads_as(row.auroc, row.low, row.by_distance) for row in table.itertuples()]
    found = sum(word.startswith("found") for word in read)
    partly = sum(word.startswith("partly") for word in read)
    return (
        f"Of {len(read)} whole classes made foreign, {found} would be found and {partly} partly "
        "found (chance: none)."
    )


def cost_verdict(table: pd.DataFrame) -> str:
    """Say what C4 says. table: of `cost`."""
    built = float(table.loc[table["what"] == "training set", "seconds"].sum())
    each = float(table["per_generated"].sum())
    return f"{number(each)} s for each generated image, {number(built)} s to build the set."


def _row_near(table: pd.DataFrame, k: int = 10) -> pd.Series:
    found: pd.Series = table.iloc[(table["k"] - k).abs().argsort(kind="stable").iloc[0]]
    return found


def reads_as(auroc: float | None, low: float | None, by_distance: float | None) -> str:
    """Say in words what an AUROC means, beside that of the distance alone."""
    if auroc is None or low is None or by_distance is None or auroc != auroc:
        return "nothing to tell apart"
    if low <= 0.5:
        return "not found: as by chance"
    found = next(word for least, word in FOUND if auroc >= least)
    return f"{found}, by distance alone as well" if by_distance >= low else found


def injection_name(finding: InjectionFinding) -> str:
    """Return what an injection did, in words."""
    amount = finding.strength
    how = {
        "noise": f"noise, σ = {number(amount)}",
        "blur": f"blur, {percent(amount)} of the side",
        "foreign": f"images of {finding.source_set}",
    }[finding.kind]
    stale = " (of an earlier state of the result)" if finding.stale else ""
    return f"{how}, in {percent(finding.share)} of the images{stale}"


def comparison_verdict(finding: ComparisonFinding) -> str:
    """Say which distance agrees most on classes at the first k, and whether clearly."""
    rows = [
        (row.classes.share, row.classes.low or 0.0, row.classes.high or 0.0, row.distance)
        for row in finding.rows
        if row.k == finding.ks[0] and row.classes and row.classes.share is not None
    ]
    if len(rows) < 2:
        return ""
    rows.sort(key=lambda row: -row[0])
    (share, low, _, best), *others = rows
    near = [distance for _, _, high, distance in others if high >= low]
    clearly = (
        f"but the interval overlaps with that of {', '.join(near)}"
        if near
        else "clearly more than every other distance"
    )
    return (
        f"At k = {finding.ks[0]}, {best} has the highest class share ({percent(share)}), {clearly}."
    )
