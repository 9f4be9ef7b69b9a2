"""The ranking by harm: its marks, what is predicted without the marked, known noise."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.store import marks
from gmv_core.words import counted
from ui.analysis.influence_values import change_words
from ui.analysis.noise.marking import leaves_out, marked_metric, marking_gallery
from ui.analysis.noise.noise_found import noise_column, noise_found
from ui.doors import influence
from ui.frame import state
from ui.widgets.figures import chart, count, metric_row
from ui.widgets.influence import change

FILTERS = {"all": "All", "harmful": "Harmful", "helpful": "Helpful", "marked": "Marked"}


def harm(result: Result) -> None:
    """Draw what the page on noisy data has of predicted influence."""
    table, marked = influence.totals(result), marks.marked(result.training)
    st.markdown(
        "Training images without which the generated images are predicted to come out better, the "
        "most harmful first. **Harmful is below the average training image: a reason to look, not "
        "to delete.** An odd image may have hardly any influence and then stands in the middle: "
        "foreign and broken images are looked for better under **Looks alike**."
    )
    n, harmful = len(table), int((table["influence"] < 0).sum())
    metric_row(
        [
            ("Harmful", f"{harmful:,}",
             f"{count(harmful, n)}: on average over the generated images."),
            ("Helpful", f"{n - harmful:,}", f"{count(n - harmful, n)} of the training images."),
            marked_metric(marked),
        ]
    )  # fmt: skip
    chosen = st.segmented_control(
        "Show from the most harmful",
        list(FILTERS),
        default="all",
        format_func=FILTERS.__getitem__,
        required=True,
        **state.in_url(state.HARM),
    )
    kept = {
        "all": table["influence"].notna(),
        "harmful": table["influence"] < 0,
        "helpful": table["influence"] >= 0,
        "marked": table["training"].isin(marked),
    }[chosen or "all"]
    shown = table[kept]
    marking_gallery(
        result, shown, marked, part=f"harm-{chosen}", whole=chosen == "harmful",
        lines=lambda rows: [change(percent) for percent in rows["percent"]],
    )  # fmt: skip
    _without(result, marked)
    _figure(result)


def _without(result: Result, marked: frozenset[str]) -> None:
    st.header("Predicted without the marked images")
    if not leaves_out(marked, "see here what is predicted without them"):
        return
    told = influence.without(result.leaving_out(marked))
    st.markdown(
        f"Without {counted(told.images, 'marked image')} the linear model, fitted again, is "
        f"**{change_words(told)}** at the generated images (95 % interval over them)."
    )


def _figure(result: Result) -> None:
    st.header(
        "The whole ranking",
        help="Predicted influence, in percent of the error, the mean over the generated images.",
    )
    column, noisy_if = noise_column(result)
    chart(
        influence.ranking_figure(result, column, noisy_if),
        "Predicted influence of every training image, the most harmful first",
    )
    if column is not None:
        report = influence.noise_report(result, column, noisy_if)
        noise_found(report, column, "the most harmful")
