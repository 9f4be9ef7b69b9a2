"""Criteria: how far a result agrees with what is known of the images, each check beside chance."""

from __future__ import annotations

import streamlit as st

from gmv_core.criteria import sentences, tables
from gmv_core.criteria.report import Criteria
from gmv_core.criteria.same_kind import PAPER
from ui.analysis import checks
from ui.analysis.noise.low_value import low_value
from ui.analysis.same_kind import same_attributes, same_class
from ui.doors import readings
from ui.doors.criteria import report
from ui.frame import shell, state


def criteria() -> None:
    st.title("Criteria")
    result = shell.need_run()
    st.markdown(
        "Do the closest training images deserve trust on this data? Each check holds the result "
        "against what is known of the images, beside chance. **None of them proves influence.**"
    )
    columns = readings.noise_columns(result)
    found = report(result, _column(columns))
    same_class(result, found)
    same_attributes(result, found)
    low_value(result, found, columns)
    cost(found)
    checks.retraining(result)
    st.header(
        "Which distance deserves trust here",
        help="The same checks for every distance that is ready, on the same candidates.",
    )
    checks.comparison(result, found)
    checks.copies(result)
    with st.expander("What these checks do not prove", icon=":material/info:"):
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences.LIMITS))


def _column(columns: list[str]) -> str:
    """Return the column of known noise: the one chosen, else a likely one."""
    chosen = st.session_state.get(state.NOISE)
    likely = readings.likely(columns)
    return chosen if chosen in columns else "" if likely is None else columns[likely]


def cost(found: Criteria) -> None:
    st.header("Cost", help="C4 of the paper. As kept by the build and the valuation.")
    st.markdown(f"**{sentences.cost_verdict(found.cost)}** The paper reports {PAPER['cost']}.")
    with st.expander("Seconds and memory of each stage"):
        checks.table(tables.cost_rows(found.cost), "Seconds and memory of each stage")
        st.caption(
            "On the machine that did it. Memory is the most that was held by the end of a stage."
        )


shell.show(criteria)
