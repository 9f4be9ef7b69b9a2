"""Criteria C1 and C2 as sections: contributors of the same class, and with the same attributes."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.criteria import sentences, tables
from gmv_core.criteria.report import Criteria
from gmv_core.criteria.same_kind import PAPER, PIXELS
from gmv_core.plots.criteria import shares_by_k
from ui.analysis import checks
from ui.analysis.labels_later import labels_later
from ui.frame.markdown import safe
from ui.widgets.figures import chart


def same_class(result: Result, found: Criteria) -> None:
    """Draw C1."""
    st.header(
        "Same class",
        help="C1 of the paper. The class of a generated image is its label: what was requested of "
        "the generator.",
    )
    if found.classes is None:
        st.info(
            "This needs labels of both sets: of the training set when it is built, of the "
            "generated images when they are valued, or below.",
            icon=":material/info:",
        )
        labels_later(result, "class")
        return
    said = [checks.whole(sentence) for sentence in sentences.counted(found.classes, "class")]
    if not found.classes.images:
        st.info(f"Nothing can be compared. {' '.join(said[1:])}", icon=":material/info:")
        labels_later(result, "class")
        return
    st.markdown(f"**{safe(sentences.class_verdict(found.classes))}**")
    orders = {name: found.classes.overall(name) for name in found.classes.table["order"].unique()}
    with st.expander("Class by k, beside its baselines"):
        chart(
            shares_by_k(orders, what="class", chance=tables.BY_CHANCE),
            "Share of the closest training images of the same class, by k, beside its baselines",
        )
        by_k = tables.shares_by_k(found.classes)
        checks.table(by_k, "Class share by order and k, with intervals")
        st.caption(f"{' '.join(said)} The paper reports {PAPER['class']}, of its own generators.")
    with st.expander("Each class by k"):
        by_class = tables.shares_by_value(found.classes, "class")
        checks.table(by_class, "Class share of each class by k, with intervals")
    if PIXELS not in orders and result.manifest.matching.distance != "l2":
        checks.start_pixels(result)


def same_attributes(result: Result, found: Criteria) -> None:
    """Draw C2."""
    st.header("Same attributes", help="C2 of the paper: hat, glasses and the like.")
    rows = tables.attribute_rows(dict(found.attributes))
    if rows.empty:
        st.info(
            "This needs an attribute of both sets: a column of the same name in the label table of "
            "each, such as hat with yes and no.",
            icon=":material/info:",
        )
        if found.classes is not None and found.classes.images:
            labels_later(result, "attributes")
        return
    verdicts = sentences.attribute_verdicts(found.attributes)
    st.markdown("\n".join(f"- **{safe(sentence)}**" for sentence in verdicts))
    with st.expander("Each attribute by k"):
        st.markdown(
            "Of the closest training images of a generated image, how many have its attribute? A "
            "row **yes** is of the generated images that have it. **By chance** is the share of "
            "all training images that would fit."
        )
        checks.table(rows, "Attribute share by attribute, value and k, with intervals")
        st.caption(f"In brackets the 95 % interval. The paper reports, {PAPER['attributes']}.")
