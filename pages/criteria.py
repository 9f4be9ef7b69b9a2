"""Criteria: how far a run agrees with what is known of the images, each check beside a baseline."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.criteria import sentences, tables
from gmv_core.criteria.report import Criteria
from gmv_core.criteria.same_kind import PAPER, PIXELS
from gmv_core.plots.criteria import shares_by_k
from ui.analysis import checks
from ui.doors import readings
from ui.doors.criteria import report
from ui.frame import shell, state
from ui.frame.markdown import safe
from ui.widgets.figures import chart


def criteria() -> None:
    st.title("Criteria")
    result = shell.need_run()
    st.markdown(
        "Do the closest training images deserve trust on this data? Four checks hold the run "
        "against what is known of the images: their class, their attributes, known noise, and "
        "what it cost. Each stands beside a baseline. **None of them proves influence.**"
    )
    with st.expander("What these checks do not prove", icon=":material/info:", expanded=True):
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences.LIMITS))
    columns = readings.noise_columns(result)
    found = report(result, _column(columns))
    same_class(result, found)
    same_attributes(found)
    low_value(result, found, columns)
    cost(found)
    checks.retraining(result)
    st.header(
        "Which distance deserves trust here",
        help="The same checks for every distance that is ready, on the same candidates.",
    )
    checks.comparison(result, found)
    checks.copies(result)


def _column(columns: list[str]) -> str:
    """Return the column of known noise: the one chosen, else a likely one."""
    chosen = st.session_state.get(state.NOISE)
    likely = readings.likely(columns)
    return chosen if chosen in columns else "" if likely is None else columns[likely]


def same_class(result: Result, found: Criteria) -> None:
    st.header(
        "Same class",
        help="C1 of the paper. The class of a generated image is its label: what was asked of the "
        "generator.",
    )
    if found.classes is None:
        st.info(
            "This needs labels of both sets: give a CSV with name and label, or images in one "
            "folder a class, when you build the training set and when you value.",
            icon=":material/info:",
        )
        return
    said = [checks.whole(sentence) for sentence in sentences.counted(found.classes, "class")]
    if not found.classes.images:
        st.info(f"Nothing can be compared. {' '.join(said[1:])}", icon=":material/info:")
        return
    st.markdown(f"**{safe(sentences.class_verdict(found.classes))}**")
    orders = {name: found.classes.overall(name) for name in found.classes.table["order"].unique()}
    chart(
        shares_by_k(orders, what="class", chance=tables.BY_CHANCE),
        "Share of the closest training images of the same class, by k, beside its baselines",
    )
    checks.table(tables.shares_by_k(found.classes), "Class share by order and k, with intervals")
    if PIXELS not in orders and result.manifest.matching.distance != "l2":
        checks.start_pixels(result)
    with st.expander("By class"):
        by_class = tables.shares_by_value(found.classes, "class")
        checks.table(by_class, "Class share of each class by k, with intervals")
    st.caption(f"{' '.join(said)} The paper reports {PAPER['class']}, of its own generators.")


def same_attributes(found: Criteria) -> None:
    st.header("Same attributes", help="C2 of the paper: hat, glasses and the like.")
    rows = tables.attribute_rows(dict(found.attributes))
    if rows.empty:
        st.info(
            "This needs an attribute of both sets: give each a label CSV with a column of the "
            "same name, such as hat with yes and no.",
            icon=":material/info:",
        )
        return
    st.markdown(
        "Of the closest training images of a generated image, how many have its attribute? A row "
        "**yes** looks at the generated images that have it. Compare with **by chance**, the share "
        "of all training images that would fit."
    )
    checks.table(rows, "Attribute share by attribute, value and k, with intervals")
    st.caption(f"In brackets the 95 % interval. The paper reports, {PAPER['attributes']}.")


def low_value(result: Result, found: Criteria, columns: list[str]) -> None:
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
    tests = [] if found.noise is None else [tables.detection_row(found.column, found.noise)]
    tests += [
        tables.detection_row(sentences.injection_name(one), one.detection)
        for one in found.injections
    ]
    if tests:
        checks.table(pd.DataFrame(tests), "How well each known noise is found")
        st.caption(
            "**Distance alone** ranks by the distance to the nearest generated image and "
            "attributes nothing: where it does as well, the test is an easy one."
        )
    checks.noise_test(result)
    if len(found.foreign):
        st.markdown(
            "**Whole classes as foreign ones.** The generated images of a class are left out, and "
            "its training images should sink. They are real pictures: a harder test than noise."
        )
        checks.table(tables.foreign_rows(found.foreign), "How low each class stands when foreign")


def cost(found: Criteria) -> None:
    st.header("Cost", help="C4 of the paper. As kept by the build and the run.")
    checks.table(tables.cost_rows(found.cost), "Seconds and memory of each stage")
    st.caption(
        "On the machine that did it. Memory is the most that was held by the end of a stage. The "
        f"paper reports {PAPER['cost']}."
    )


shell.show(criteria)
