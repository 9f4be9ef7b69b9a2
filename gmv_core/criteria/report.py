"""All criteria of a run in one record: what is computed at once, and what was found before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from gmv_core.criteria.cost import cost
from gmv_core.criteria.foreign_classes import held_out_classes
from gmv_core.criteria.known_noise import judge, noise_columns, sounds_like_noise
from gmv_core.criteria.same_kind import (
    PIXELS,
    RUN,
    Agreement,
    attribute_agreement,
    class_agreement,
    lists_of,
)
from gmv_core.criteria.trials import findings
from gmv_core.criteria.trials.derived_runs import PIXELS as PIXEL_DISTANCE
from gmv_core.criteria.trials.derived_runs import valued_by
from gmv_core.measures.detection import Detection
from gmv_core.results.result import Result
from gmv_core.store.workspace import Workspace
from gmv_core.types import Int64


@dataclass(frozen=True)
class Criteria:
    """What the criteria say of a run.

    classes: C1, None without labels in both sets. attributes: C2 by column.
    column, noise: C3 against a column that marks known noise, "" and None without one.
    foreign: C3 of whole classes held out, see `held_out_classes`. injections: C3 on spoilt copies.
    cost: C4. comparison: the table over the distances, None before it was made.
    """

    classes: Agreement | None
    attributes: Mapping[str, Agreement]
    column: str
    noise: Detection | None
    foreign: pd.DataFrame
    cost: pd.DataFrame
    injections: list[findings.InjectionFinding]
    comparison: findings.ComparisonFinding | None


def criteria_of(
    workspace: Workspace, result: Result, *, column: str | None = None, noisy_if: str = ""
) -> Criteria:
    """Return all criteria of a result under its settings; needs no model.

    column: marks known noise; None for the first whose name sounds like it. noisy_if: see `judge`.
    Pixel L2 is among the orders where `value_by(…, "l2")` or a comparison was made.
    """
    lists = orders_of(workspace, result)
    if column is None:
        likely = [c for c in noise_columns(result.training) if sounds_like_noise(c)]
        column = likely[0] if likely else ""
    return Criteria(
        classes=class_agreement(result, lists),
        attributes=attribute_agreement(result, {RUN: lists[RUN]}),
        column=column,
        noise=judge(result, column, noisy_if).detection if column else None,
        foreign=held_out_classes(result),
        cost=cost(result),
        injections=findings.injections(result),
        comparison=findings.comparison(result),
    )


def orders_of(workspace: Workspace, result: Result) -> dict[str, Int64]:
    """Return `lists_of`, and the order by pixels where it was made."""
    lists = lists_of(result)
    by_pixels = valued_by(workspace, result, PIXEL_DISTANCE)
    if by_pixels is not None and by_pixels is not result:
        lists[PIXELS] = lists_of(by_pixels)[RUN]
    return lists


def stamp(workspace: Workspace, result: Result) -> str:
    """Return what changes when something was found about a run since."""
    by_pixels = valued_by(workspace, result, PIXEL_DISTANCE)
    told = [(by_pixels and by_pixels.manifest.updated) or ""]
    told += [finding.found for finding in findings.injections(result)]
    compared = findings.comparison(result)
    return " ".join([*told, compared.found if compared else ""])


def as_json(result: Result, criteria: Criteria) -> dict[str, Any]:
    """Return the criteria as one document."""

    def told(agreement: Agreement) -> dict[str, Any]:
        return {**agreement.__dict__, "table": agreement.table.to_dict("records")}

    return {
        "run": result.run.name,
        "run_updated": result.manifest.updated,
        "distance": result.manifest.matching.distance,
        "value": asdict(result.settings),
        "classes": told(criteria.classes) if criteria.classes else None,
        "attributes": {name: told(one) for name, one in criteria.attributes.items()},
        "column": criteria.column,
        "noise": asdict(criteria.noise) if criteria.noise else None,
        "foreign": criteria.foreign.to_dict("records"),
        "cost": criteria.cost.to_dict("records"),
        "injections": [findings.as_json(one) for one in criteria.injections],
        "comparison": criteria.comparison and findings.as_json(criteria.comparison),
    }
