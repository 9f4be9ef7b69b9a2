"""A cached door to the criteria of a run."""

from __future__ import annotations

from gmv_core import Result
from gmv_core.criteria.report import Criteria, criteria_of, stamp
from ui.doors import engine
from ui.doors.cached import data


def report(result: Result, column: str) -> Criteria:
    """Return all criteria of a result, computed once a state of the run and what was found."""
    return _report(result, stamp(engine.workspace(), result), column)


@data(max_entries=16, show_spinner="Comparing the result with its labels …")
def _report(result: Result, found: str, column: str) -> Criteria:
    return criteria_of(engine.workspace(), result, column=column)
