"""Criterion C3 as a section: noisy and foreign training images should stand low."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.criteria import sentences, tables
from gmv_core.criteria.report import Criteria
from ui.analysis import checks
from ui.doors import readings
from ui.frame import state
from ui.frame.markdown import safe


def low_value(result: Result, found: Criteria, columns: list[str]) -> None:
    """Draw C3. columns: those that may mark known noise."""
    st.header(
        "Noisy and foreign training images",
        help="C3 of the paper: they should stand low. AUROC: of two training images, one noisy and "
        "one not, how often the noisy one stands lower. 1: always, 0.5: as by chance.",
    )
    if columns:
        st.selectbox(
            "Known noise is marked in the column", columns, readings.likely(columns),
            placeholder="choose a column, if one marks known noise", **state.in_url(state.NOISE),
        )  # fmt: skip
    tests = [] if found.noise is None else [(found.column, found.noise)]
    tests += [(sentences.injection_name(one), one.detection) for one in found.injections]
    verdicts = [sentences.noise_verdict(name, detection) for name, detection in tests]
    if len(found.foreign):
        verdicts.append(sentences.foreign_verdict(found.foreign))
    if verdicts:
        st.markdown("\n".join(f"- **{safe(checks.whole(one))}**" for one in verdicts))
    if tests:
        with st.expander("How well each known noise is found"):
            rows = pd.DataFrame([tables.detection_row(name, found) for name, found in tests])
            checks.table(rows, "How well each known noise is found")
            st.caption(
                "**Distance alone** ranks by the distance to the nearest generated image and "
                "attributes nothing: where it does as well, the test is an easy one."
            )
    if len(found.foreign):
        with st.expander("How low each class stands when it is foreign"):
            st.markdown(
                "The generated images of a class are left out, and its training images should "
                "sink. They are real pictures: a harder test than noise."
            )
            rows = tables.foreign_rows(found.foreign)
            checks.table(rows, "How low each class stands when foreign")
    checks.noise_test(result)
