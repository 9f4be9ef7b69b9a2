"""What `python -m gmv_core criteria` prints."""

from __future__ import annotations

import pandas as pd

from gmv_core.cli_output import Output
from gmv_core.criteria import sentences, tables
from gmv_core.criteria.report import Criteria, as_json
from gmv_core.criteria.same_kind import PAPER
from gmv_core.results.result import Result


def print_criteria(out: Output, result: Result, criteria: Criteria) -> None:
    """Print C1 to C4 and the comparison, or one JSON document."""
    if out.document(as_json(result, criteria)):
        return
    _classes(out, criteria)
    attributes = tables.attribute_rows(dict(criteria.attributes))
    if len(attributes):
        first = next(iter(criteria.attributes.values()))
        narrow = tables.shares_in_a_line(attributes, first)
        out.table("C2: contributors with the same attribute", narrow)
        out.words(f"The paper reports, {PAPER['attributes']}.")
    _low_value(out, criteria)
    out.table(f"C4: cost (paper: {PAPER['cost']})", tables.cost_rows(criteria.cost))
    if criteria.comparison:
        stale = ", of an earlier state of the run" if criteria.comparison["stale"] else ""
        out.table(f"The ready distances{stale}", tables.comparison_rows(criteria.comparison))
    for sentence in sentences.LIMITS:
        out.words(sentence)


def _classes(out: Output, criteria: Criteria) -> None:
    if criteria.classes is None:
        out.words("C1: no labels in both sets; give each a CSV with name and label.")
        return
    if criteria.classes.images:
        by_k = tables.shares_by_k(criteria.classes).set_index("order").T.rename_axis(None, axis=1)
        out.table("C1: contributors of the same class", by_k.reset_index(names="k"))
        out.words(f"The paper reports {PAPER['class']}, of its own generators.")
        by_class = tables.shares_by_value(criteria.classes, "class")
        narrow = tables.shares_in_a_line(by_class, criteria.classes)
        out.table("C1 by class", narrow.drop(columns=["k = 5", "k = 50"], errors="ignore"))
    out.words(" ".join(sentences.counted(criteria.classes, "class")))


def _low_value(out: Output, criteria: Criteria) -> None:
    tests = []
    if criteria.noise:
        tests.append(tables.detection_row(f"column {criteria.column}", criteria.noise))
    for finding in criteria.injections:
        tests.append(tables.detection_row(sentences.injection_name(finding),
                                         sentences.detection_of(finding)))  # fmt: skip
    if tests:
        columns = ["noisy", "test", "reads as", "AUROC", "distance alone", "precision"]
        out.table("C3: known noise, ranked from the bottom", pd.DataFrame(tests)[columns])
    if len(criteria.foreign):
        narrow = tables.foreign_rows(criteria.foreign).drop(
            columns=["generated images left out", "by chance"]
        )
        out.table("C3: whole classes as foreign ones", narrow)
