"""The tables of the criteria from hand-made numbers: numbers until they are shown."""

from __future__ import annotations

import pandas as pd
from msgspec.structs import replace

from gmv_core.criteria import tables
from gmv_core.criteria.same_kind import RECALL, RUN, Agreement
from gmv_core.criteria.tables import Share
from gmv_core.criteria.trials.findings import (
    ComparisonFinding,
    ComparisonRow,
    InjectionFinding,
    SharesFound,
)
from gmv_core.measures.detection import Detection

SHARES = pd.DataFrame(
    [
        (RUN, "", 1, 1203, 1.0, 1.0, 1.0, 0.25),
        (RUN, "", 5, 1203, 0.5, 0.402, 0.6, 0.25),
        (RUN, "no", 1, 1200, 0.9, 0.8, 1.0, 0.5),
        (RUN, "no", 5, 1200, 0.45, 0.4, 0.5, 0.5),
        (RECALL, "", 1, 1203, 0.75, 0.5, 1.0, 0.25),
        (RECALL, "", 5, 1203, 0.125, 0.0, 0.25, 0.25),
    ],
    columns=["order", "value", "k", "images", "share", "low", "high", "by_chance"],
)
AGREEMENT = Agreement(
    SHARES, images=1203, without_value=0, unknown_value=0, unknown=(), rejected=0,
    unvalued_training=0, all_alike=False,
)  # fmt: skip
FOUND = Detection(
    known=1200, images=4800, auroc=0.95, low=0.94, high=0.96, by_value=0.9, by_distance=0.5,
    precision={10: 1.0, 1200: 0.875},
)  # fmt: skip


def cells(table: pd.DataFrame) -> list[list[object]]:
    return table.to_numpy(object).tolist()


def test_shares_by_k_and_order() -> None:
    numbers = tables.shares_by_k(AGREEMENT)
    assert numbers["k = 5"].tolist() == [(0.5, 0.402, 0.6), (0.125, 0.0, 0.25), Share(0.25)]
    assert cells(tables.shown(numbers)) == [
        [RUN, "100 % (100–100)", "50 % (40.2–60)"],
        [RECALL, "75 % (50–100)", "12.5 % (0–25)"],
        [tables.BY_CHANCE, "25 %", "25 %"],
    ]


def test_attributes_wide_and_in_a_line() -> None:
    numbers = tables.attribute_rows({"hat": AGREEMENT})
    wide = tables.shown(numbers)
    assert list(wide) == ["attribute", "value", "images", "k = 1", "k = 5", "by chance"]
    assert cells(wide) == [
        ["hat", "all", 1203, "100 % (100–100)", "50 % (40.2–60)", "25 %"],
        ["hat", "no", 1200, "90 % (80–100)", "45 % (40–50)", "50 %"],
    ]
    narrow = tables.shown_in_a_line(numbers)
    assert list(narrow)[3:] == ["k = 1", "interval", "k = 5", "by chance"]
    assert cells(narrow)[1] == ["hat", "no", 1200, "90 %", "(80–100)", "45 %", "50 %"]


def test_noise_tests_and_one_that_holds_no_noise() -> None:
    nothing = dict.fromkeys(("auroc", "low", "high", "by_value", "by_distance"))
    untold = InjectionFinding(
        kind="noise", strength=0.1, share=0.05, seed=0, source_set="", run="r", set="s",
        distance="l2", k=4, known=0, images=9, precision={}, **nothing,
    )  # fmt: skip
    rows = [
        tables.detection_row("column noisy", FOUND),
        tables.detection_row("none", untold.detection),
    ]
    assert cells(tables.shown(pd.DataFrame(rows))) == [
        ["column noisy", "found", "1,200 of 4,800", "0.95 (0.94–0.96)", "0.9", "0.5",
         "87.5 % of the first 1,200"],
        ["none", "nothing to tell apart", "0 of 9", "– (–––)", "–", "–", "–"],
    ]  # fmt: skip


def test_what_a_distance_was_not_judged_by_is_a_dash() -> None:
    judged = ComparisonRow(
        distance="l2", run="r", k=4, classes=SharesFound(0.5, 0.25, 0.75, 0.1), attributes={},
        attributes_share=0.5, attributes_by_chance=0.1, noise=0.75, foreign=0.5,
        seconds_per_image=0.0125,
    )  # fmt: skip
    nothing = replace(judged, classes=None, attributes_share=None, noise=None, foreign=None)
    empty = replace(nothing, classes=SharesFound(None, None, None, None))  # no image counts
    rows = (judged, nothing, empty)
    finding = ComparisonFinding(column="", ks=(4,), rows=rows)
    shown = tables.shown(tables.comparison_rows(finding))
    assert cells(shown) == [
        ["l2", 4, "50 % (25–75)", "50 %", "0.75", "0.5", "12.5"],
        ["l2", 4, "–", "–", "–", "–", "12.5"],
        ["l2", 4, "–", "–", "–", "–", "12.5"],
    ]


def test_cost() -> None:
    table = pd.DataFrame(
        [("run", "matches", 1.5, 0.025, 0.00125, 1836.4)],
        columns=["what", "stage", "seconds", "per_generated", "per_training", "memory_mb"],
    )
    numbers = tables.cost_rows(table)
    assert numbers["ms a generated image"].tolist() == [25.0]
    assert cells(tables.shown(numbers)) == [["run", "matching", "1.5", "25", "1.25", "1,836"]]
